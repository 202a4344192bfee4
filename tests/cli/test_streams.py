"""Writing never raises, whatever is below: a pipe without a reader, a full disk, nothing at all, a few letters only."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path
from typing import TextIO

import pytest

from harness.cli.streams import Outlet, lost_output, own_streams, result_stream, was_closed_by_its_reader

Capture = pytest.CaptureFixture[str]


def stream(encoding: str = "utf-8") -> tuple[io.BytesIO, Outlet]:
    raw = io.BytesIO()
    return raw, Outlet(io.TextIOWrapper(raw, encoding=encoding))


def pipe_without_reader() -> TextIO:
    read, write = os.pipe()
    os.close(read)
    return open(write, "w", encoding="utf-8")  # noqa: PTH123 - a descriptor


def test_text_goes_through_at_once() -> None:
    raw, outlet = stream()
    outlet.write("≥ 1\n")
    assert raw.getvalue().decode() == "≥ 1\n"
    assert outlet.failure is None


def test_what_the_encoding_does_not_know_is_spelled_out() -> None:
    raw, outlet = stream("ascii")
    outlet.write("3 × ≥ 1… ü\n")
    assert raw.getvalue() == b"3 x >= 1... \\xfc\n"
    assert (outlet.can_show("a"), outlet.can_show("ü"), outlet.encoding) == (True, False, "ascii")


def test_a_reader_that_has_gone_is_remembered_and_not_raised() -> None:
    below = pipe_without_reader()
    outlet = Outlet(below)
    assert outlet.write("one") == 3
    assert outlet.failure is not None
    assert was_closed_by_its_reader(outlet.failure)
    outlet.write("two")
    below.close()  # raises when something was held back


def test_a_full_disk_is_not_its_readers_doing() -> None:
    with Path("/dev/full").open("w") as full:
        outlet = Outlet(full)
        outlet.write("one")
    assert isinstance(outlet.failure, OSError)
    assert outlet.failure.errno == errno.ENOSPC
    assert not was_closed_by_its_reader(outlet.failure)


def test_a_closed_stream_fails_when_something_is_written_and_not_before() -> None:
    outlet = Outlet(None)
    assert outlet.failure is None
    assert not outlet.isatty()
    outlet.write("one")
    assert "closed" in str(outlet.failure)
    closed = io.StringIO()
    closed.close()
    outlet = Outlet(closed)
    outlet.write("one")
    assert not outlet.isatty()
    assert outlet.failure is not None


def test_for_machines_only_the_result_goes_to_standard_output(capsys: Capture) -> None:
    before = sys.stdout
    with own_streams(as_json=True):
        sys.stdout.write("from a strategy\n")
        result_stream().write("{}\n")
        assert lost_output() is None
    assert capsys.readouterr() == ("{}\n", "from a strategy\n")
    assert sys.stdout is before


def test_a_closed_descriptor_is_not_given_to_a_file_of_ours() -> None:
    code = """
import os
from harness.cli.streams import own_streams
with own_streams(as_json=False):
    print("to nobody")
    os._exit(os.open(os.devnull, os.O_RDONLY))
"""
    ended = subprocess.run(["/bin/sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, code], check=False)
    assert ended.returncode > 2

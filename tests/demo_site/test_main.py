import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The site in the foreground: `stdin` ends at once, and the site with it."""
    command = [sys.executable, "-m", "harness.demo_site", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=60, cwd=ROOT, check=False)


def test_it_tells_its_port_in_one_line_and_ends_with_its_standard_input() -> None:
    done = run("--port", "0", stdin=b'{"alice": "x"}\n')
    assert done.returncode == 0
    assert done.stderr == b""
    (line,) = done.stdout.splitlines()
    assert set(json.loads(line)) == {"port", "pid"}


@pytest.mark.parametrize("stdin", [b"", b"hush-hush\n", b"[]\n", b'{"alice": 5}\n', b"\xff\n"])
def test_accounts_that_cannot_be_used_are_told_without_repeating_them(stdin: bytes) -> None:
    done = run(stdin=stdin)
    assert done.returncode == 2
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 3
    assert b"hush" not in done.stderr


def test_several_rules_may_follow_one_flag_and_a_bad_one_is_named() -> None:
    done = run("--misbehave", "error500:/a", "slow:/b:5", "--misbehave", "slow:/c", stdin=b"{}\n")
    assert done.returncode == 2
    assert b"'slow:/c'" in done.stderr
    assert len(done.stderr.splitlines()) == 3


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    done = run(f"--port={port}", stdin=b"{}\n")
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr

"""Standard output and standard error that cannot end a command: a run outlives whoever reads its output.

The reader may leave (`| head`), the disk may be full, the stream may be closed (`>&-`), the terminal may hang up, or know
ASCII alone. What cannot be shown is remembered as `failure`, and told where that is possible; it is never raised. With
`--json`, standard output belongs to the command's one result, and whatever else is printed goes to standard error.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

_PLAIN = str.maketrans({"≥": ">=", "≤": "<=", "×": "x", "·": "-", "…": "...", "→": "->", "—": "-", "\u2013": "-"})
"""How our own signs are spelled where the stream does not know them."""


class Outlet(io.TextIOBase):
    """A text stream over `stream` (None: it is closed) whose writes never raise; `failure` is the first that did."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.failure: Exception | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # of the base it is an attribute that cannot be set
        """That of the stream below."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        """Always."""
        return True

    def isatty(self) -> bool:
        """Whether a terminal is below."""
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:  # it was closed meanwhile
            return False

    def fileno(self) -> int:
        """The descriptor of the stream below; OSError where it has none."""
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return self._stream.fileno()

    def can_show(self, text: str) -> bool:
        """Whether the stream's encoding knows every character."""
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def write(self, text: str) -> int:
        """Write and flush; what the encoding does not know is spelled out."""
        if self.failure is not None:
            return len(text)
        try:
            if self._stream is None:
                raise OSError(errno.EBADF, "it is closed")
            self._stream.write(text if self.can_show(text) else self._spelled_out(text))
            self._stream.flush()
        except (OSError, ValueError) as error:  # ValueError: it was closed meanwhile
            self.failure = error
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def _spelled_out(self, text: str) -> str:
        return text.translate(_PLAIN).encode(self.encoding, "backslashreplace").decode(self.encoding)

    def _let_go(self) -> None:
        """What the stream below still holds goes nowhere, so that nobody stumbles over it at the end of the process."""
        try:
            descriptor = self.fileno()
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except (OSError, ValueError):  # no descriptor of its own: nothing is held back there
            return
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


_result: ContextVar[Outlet | None] = ContextVar("result", default=None)


def result_stream() -> Outlet:
    """Where the command's result goes."""
    return _result.get() or Outlet(sys.stdout)


def lost_output() -> Exception | None:
    """Why a part of the command's result could not be shown; None when all of it was."""
    return result_stream().failure


def was_closed_by_its_reader(failure: Exception) -> bool:
    """Whether it is nobody's fault: a reader had read enough."""
    return isinstance(failure, BrokenPipeError)


@contextmanager
def own_streams(*, as_json: bool) -> Iterator[None]:
    """`sys.stdout` and `sys.stderr` are outlets while this is entered."""
    _open_missing_descriptors()
    before = sys.stdout, sys.stderr
    out, err = Outlet(before[0]), Outlet(before[1])
    token = _result.set(out)
    sys.stdout, sys.stderr = err if as_json else out, err
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _result.reset(token)


def _open_missing_descriptors() -> None:
    """A file or socket of ours must not get the number of a closed stream: what others print would go there."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one

"""How events lie in a segment: JSON lines. A line counts when its newline is there; anything after the last newline is
a torn tail, left by a kill or a full disk: it is marked, skipped when read, and cut when the segment is opened again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from harness.runfolder.event import Event
from harness.runfolder.layout import Channel, RunPaths

_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


class TornTail(NamedTuple):
    """Bytes after the last complete line of a segment."""

    segment: Path
    offset: int
    length: int


class BadLine(NamedTuple):
    """A complete line that is no event; `number` counts from 1, 0 stands for the segment as a whole."""

    segment: Path
    number: int
    reason: str

    def __str__(self) -> str:
        line = f" line {self.number}" if self.number else ""
        return f"{self.segment.parent.name}/{self.segment.name}{line}: {self.reason}"


class Digest(Protocol):
    """What `hashlib` makes."""

    def update(self, data: bytes, /) -> None:
        """Go on with these bytes."""
        ...


class SegmentReader:
    """Iterates the events of one segment; afterwards `torn` and `bad` tell what could not be read.

    `number` is the line of the event that was yielded last; `digest` is fed with every byte that is read.
    """

    def __init__(self, path: Path, digest: Digest | None = None) -> None:
        self.path = path
        self.number = 0
        self.torn: TornTail | None = None
        self.bad: list[BadLine] = []
        self._digest = digest

    def __iter__(self) -> Iterator[Event]:
        self.torn, self.bad = None, []
        try:
            if not self.path.is_file():  # a pipe or a device in its place would never end
                self.bad.append(BadLine(self.path, 0, "it is no regular file"))
                return
            with self.path.open("rb") as file:
                yield from self._events(file)
        except OSError as error:
            self.bad.append(BadLine(self.path, 0, f"it cannot be read: {error.strerror or error}"))

    def _events(self, file: Iterable[bytes]) -> Iterator[Event]:
        offset = 0
        for number, line in enumerate(file, start=1):
            if self._digest is not None:
                self._digest.update(line)
            if not line.endswith(b"\n"):
                self.torn = TornTail(self.path, offset, len(line))
                return
            offset += len(line)
            try:
                event = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self.bad.append(BadLine(self.path, number, str(error)))
                continue
            self.number = number
            yield event


def encode_line(event: Event) -> bytes:
    """One event as a line with its newline."""
    return _encoder.encode(event) + b"\n"


def cut_torn_tail(path: Path) -> TornTail | None:
    """Cut what follows the last newline of `path`; returns what was cut, or None when the file ends whole."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        end, position = 0, size
        while position > 0:
            start = max(0, position - 65_536)
            file.seek(start)
            found = file.read(position - start).rfind(b"\n")
            if found >= 0:
                end = start + found + 1
                break
            position = start
        if end == size:
            return None
        file.truncate(end)
        return TornTail(path, end, size - end)


class ChannelReading(NamedTuple):
    """What reading a channel found besides its events."""

    torn: list[TornTail]
    bad: list[BadLine]


def misnumbered(segments: Iterable[Path]) -> list[BadLine]:
    """Segments whose place in the count from 1 is not their own: one before them is missing, or has another name."""
    wrong: list[BadLine] = []
    expected = 1
    for segment in segments:
        digits = segment.stem.rpartition("-")[2]
        if not (digits.isascii() and digits.isdigit() and int(digits) == expected):
            wrong.append(BadLine(segment, 0, f"segment {expected:06d} should stand here"))
        expected = int(digits) + 1 if digits.isascii() and digits.isdigit() else expected + 1
    return wrong


def read_channel(paths: RunPaths, channel: Channel, findings: ChannelReading) -> Iterator[Event]:
    """Every event of one channel in the order it was written; torn tails and bad lines are added to `findings`."""
    for segment in paths.segments(channel):
        reader = SegmentReader(segment)
        yield from reader
        if reader.torn:
            findings.torn.append(reader.torn)
        findings.bad.extend(reader.bad)

"""One channel's open segment: whole lines are appended, full files give way to the next, and what fails leaves no trace."""

from __future__ import annotations

import errno
import os

from harness.basics.errors import StorageError
from harness.runfolder.framing import cut_torn_tail
from harness.runfolder.layout import Channel, RunPaths
from harness.runfolder.manifest import sync_folder, write_cause


class Segment:
    """One open segment; a failed or short write leaves no partial line behind. Every method may raise OSError."""

    def __init__(self, paths: RunPaths, channel: Channel, max_bytes: int) -> None:
        self._paths, self._channel, self._max_bytes = paths, channel, max_bytes
        paths.channel(channel).mkdir(parents=True, exist_ok=True)
        self._number = 1
        for path in paths.segments(channel)[-1:]:
            self._number = int(path.stem.rpartition("-")[2])
            cut_torn_tail(path)
        self._torn = False
        self.descriptor = self._open(self._number)
        self.size = os.fstat(self.descriptor).st_size

    def _open(self, number: int) -> int:
        path = self._paths.segment(self._channel, number)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            sync_folder(path.parent)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def append(self, block: bytes) -> None:
        """Write a block of whole lines; on failure the file is cut back to where it was, then OSError is raised."""
        if self._torn:
            self._cut()
        if self.size and self.size + len(block) > self._max_bytes:
            self.sync()
            full, self.descriptor = self.descriptor, self._open(self._number + 1)
            self._number, self.size = self._number + 1, 0
            os.close(full)
        written = 0
        try:
            while written < len(block):
                written += os.write(self.descriptor, block[written:])
        except OSError:
            self._torn = True
            self._cut()
            raise
        self.size += len(block)

    def _cut(self) -> None:
        os.ftruncate(self.descriptor, self.size)
        self._torn = False

    def sync(self) -> None:
        os.fdatasync(self.descriptor)

    def check_place(self) -> None:
        """FileNotFoundError when the file no longer stands in its place: what is written to it will be nowhere."""
        path = self._paths.segment(self._channel, self._number)
        if not os.path.samestat(os.fstat(self.descriptor), path.stat()):
            raise FileNotFoundError(errno.ENOENT, "another file stands in its place", str(path))

    def close(self) -> None:
        os.close(self.descriptor)


def open_segments(paths: RunPaths, max_bytes: int) -> dict[Channel, Segment]:
    """One for each channel; StorageError when there is no room for them, and then none stays open."""
    segments: dict[Channel, Segment] = {}
    try:
        for channel in Channel:
            segments[channel] = Segment(paths, channel, max_bytes)
        sync_folder(paths.root / "channels")
        sync_folder(paths.root)
    except OSError as error:
        for segment in segments.values():
            segment.close()
        why = error.strerror or str(error)
        raise StorageError(f"no events can be written to {paths.root}", why=why, cause=write_cause(error)) from error
    return segments

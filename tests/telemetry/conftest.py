"""A disk that fails on purpose, and sinks that are closed whatever a test does."""

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.basics.errors import StorageError
from harness.runfolder.layout import Channel, RunPaths
from harness.telemetry.sink import SegmentSink


@dataclass
class Disk:
    """Stands before the system calls on files below `root`; all others pass."""

    root: Path
    room: int | None = None
    """Bytes that still fit; None: as many as you like. A removed reserve gives room back."""
    write_error: int | BaseException | None = None
    sync_error: int | None = None
    open_error: int | None = None
    truncate_error: int | None = None
    channel: Channel | None = None
    """Only this channel's files fail, where it is set."""
    syncing: threading.Event = field(default_factory=threading.Event)
    """Set when a sync of a segment begins."""
    may_sync: threading.Event = field(default_factory=threading.Event)
    """A sync does not end before it is set (set at first)."""
    failed: threading.Event = field(default_factory=threading.Event)
    """Set when a write has failed."""
    synced: list[Path] = field(default_factory=list)

    def path_of(self, descriptor: int) -> Path | None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        ours = path.is_relative_to(self.root) and (self.channel is None or self.channel.collection in path.parts)
        return path if ours else None

    def install(self, patch: pytest.MonkeyPatch) -> None:
        write, sync, opened, truncate, unlink = os.write, os.fdatasync, os.open, os.ftruncate, Path.unlink

        def failing_write(descriptor: int, data: bytes) -> int:
            if self.path_of(descriptor) is None:
                return write(descriptor, data)
            if isinstance(self.write_error, BaseException):
                raise self.write_error
            if self.room is None and self.write_error is None:
                return write(descriptor, data)
            fits = min(self.room or 0, len(data))
            if fits == 0:
                self.failed.set()
                raise OSError(self.write_error or errno.ENOSPC, os.strerror(self.write_error or errno.ENOSPC))
            self.room = (self.room or 0) - fits
            return write(descriptor, data[:fits])

        def failing_sync(descriptor: int) -> None:
            path = self.path_of(descriptor)
            if path is None:
                return sync(descriptor)
            self.syncing.set()
            self.may_sync.wait()
            if self.sync_error is not None:
                raise OSError(self.sync_error, os.strerror(self.sync_error))
            self.synced.append(path)
            return sync(descriptor)

        def failing_open(path: Any, flags: int, *rest: Any, **options: Any) -> int:
            if self.open_error is not None and flags & os.O_CREAT and Path(path).is_relative_to(self.root):
                self.failed.set()
                raise OSError(self.open_error, os.strerror(self.open_error))
            return opened(path, flags, *rest, **options)

        def failing_truncate(descriptor: int, length: int) -> None:
            if self.truncate_error is not None and self.path_of(descriptor) is not None:
                raise OSError(self.truncate_error, os.strerror(self.truncate_error))
            truncate(descriptor, length)

        def unlink_with_room(path: Path, missing_ok: bool = False) -> None:
            size = path.stat().st_size if path.is_relative_to(self.root) and path.exists() else 0
            unlink(path, missing_ok)
            if self.room is not None:
                self.room += size

        self.may_sync.set()
        patch.setattr(os, "write", failing_write)
        patch.setattr(os, "fdatasync", failing_sync)
        patch.setattr(os, "open", failing_open)
        patch.setattr(os, "ftruncate", failing_truncate)
        patch.setattr(Path, "unlink", unlink_with_room)


@pytest.fixture
def paths(tmp_path: Path) -> RunPaths:
    return RunPaths(tmp_path / "run")


@pytest.fixture
def disk(paths: RunPaths, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    disk = Disk(paths.root)
    with monkeypatch.context() as patch:
        disk.install(patch)
        yield disk
        disk.may_sync.set()


@dataclass
class Told:
    """What `on_failure` was called with."""

    errors: list[StorageError] = field(default_factory=list)
    event: asyncio.Event = field(default_factory=asyncio.Event)

    def __call__(self, error: StorageError) -> None:
        self.errors.append(error)
        self.event.set()


@pytest.fixture
def told() -> Told:
    return Told()


OpenSink = Callable[..., SegmentSink]


@pytest.fixture
def open_sink(paths: RunPaths, told: Told) -> Iterator[OpenSink]:
    """Opens sinks on the test's run folder; call it in the test, where the loop runs."""
    opened: list[SegmentSink] = []

    def open_one(where: RunPaths = paths, **options: Any) -> SegmentSink:
        opened.append(SegmentSink(where, on_failure=told, **{"flush_s": 0.001, "sync_s": 3600.0, **options}))
        return opened[-1]

    yield open_one
    for sink in opened:
        sink.close()

"""Where encoded events go. The port is three methods; `SegmentSink` writes JSON-lines segments from a thread of its own,
so that no disk ever stalls the event loop.

Queues are bounded by channel. A full queue drops and counts; `audit` has reserved room, is never dropped, and is
committed by `fdatasync` before `commit` returns (a step boundary awaits it). When `audit` cannot be written, `on_failure`
is called once and the work has to stop. Other channels count what they lose and go on as soon as the disk does.
"""

from __future__ import annotations

import asyncio
import errno
import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

from harness.basics.errors import StorageError
from harness.basics.failures import Cause
from harness.runfolder.framing import cut_torn_tail
from harness.runfolder.layout import Channel, RunPaths


class Sink(Protocol):
    """Takes encoded lines; must never block in `put`."""

    def put(self, channel: Channel, line: bytes) -> bool:
        """Queue one line; False when it was dropped (never for `audit`)."""
        ...

    async def commit(self) -> None:
        """Return when every `audit` line put so far is durable; StorageError when it cannot be."""
        ...

    def close(self) -> None:
        """Write and sync what is queued, and stop."""
        ...


class _Segment:
    """One open segment; a failed or short write leaves no partial line behind."""

    def __init__(self, paths: RunPaths, channel: Channel, max_bytes: int) -> None:
        self._paths, self._channel, self._max_bytes = paths, channel, max_bytes
        paths.channel(channel).mkdir(parents=True, exist_ok=True)
        existing = paths.segments(channel)
        self._number = len(existing) or 1
        for path in existing[-1:]:
            cut_torn_tail(path)
        self._open()

    def _open(self) -> None:
        path = self._paths.segment(self._channel, self._number)
        self.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.size = os.fstat(self.descriptor).st_size

    def append(self, block: bytes) -> None:
        """Write a block of whole lines; on failure the file is cut back to where it was, then OSError is raised."""
        if self.size and self.size + len(block) > self._max_bytes:
            self.sync()
            os.close(self.descriptor)
            self._number += 1
            self._open()
        written = 0
        try:
            while written < len(block):
                written += os.write(self.descriptor, block[written:])
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        self.size += len(block)

    def sync(self) -> None:
        os.fdatasync(self.descriptor)

    def close(self) -> None:
        self.sync()
        os.close(self.descriptor)


class SegmentSink:
    """The default sink. `queue_bytes` bounds each non-audit channel; `sync_s` is their cadence of durability."""

    def __init__(
        self,
        paths: RunPaths,
        *,
        on_failure: Callable[[StorageError], None],
        queue_bytes: int = 16 * 2**20,
        segment_bytes: int = 64 * 2**20,
        flush_s: float = 0.05,
        sync_s: float = 1.0,
    ) -> None:
        self._paths = paths
        self._on_failure = on_failure
        self._queue_bytes, self._flush_s, self._sync_s = queue_bytes, flush_s, sync_s
        self._segments = {channel: _Segment(paths, channel, segment_bytes) for channel in Channel}
        self._queues: dict[Channel, list[bytes]] = {channel: [] for channel in Channel}
        self._queued = dict.fromkeys(Channel, 0)
        self.dropped = dict.fromkeys(Channel, 0)
        self.written = dict.fromkeys(Channel, 0)
        self.failure: StorageError | None = None
        self._put_audit = 0
        self._durable_audit = 0
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._wake = threading.Condition()
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="harness-sink", daemon=True)
        self._thread.start()

    def put(self, channel: Channel, line: bytes) -> bool:
        """Queue one line, newline included."""
        audit = channel is Channel.AUDIT
        with self._wake:
            if not audit and self._queued[channel] + len(line) > self._queue_bytes:
                self.dropped[channel] += 1
                return False
            self._queues[channel].append(line)
            self._queued[channel] += len(line)
            if audit:
                self._put_audit += 1
        return True

    async def commit(self) -> None:
        """Wait until all audit lines put so far are on the disk."""
        with self._wake:
            if self.failure is not None:
                raise self.failure
            if self._durable_audit >= self._put_audit:
                return
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append((self._put_audit, waiter))
            self._wake.notify()
        await waiter

    def close(self) -> None:
        """Stop the thread after a last flush; a second call does nothing. What cannot be written is counted."""
        with self._wake:
            if self._closing:
                return
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        last_sync = time.monotonic()
        while True:
            with self._wake:
                if not self._closing and not self._waiters:
                    self._wake.wait(self._flush_s)
                closing = self._closing
                batch = {channel: lines for channel, lines in self._queues.items() if lines}
                for channel in batch:
                    self._queues[channel] = []
                    self._queued[channel] = 0
            for channel, lines in batch.items():
                self._write(channel, lines)
            if closing or time.monotonic() - last_sync >= self._sync_s:
                self._sync_all()
                last_sync = time.monotonic()
            self._release_waiters()
            if closing:
                self._close_segments()
                return

    def _write(self, channel: Channel, lines: list[bytes]) -> None:
        block = b"".join(lines)
        segment = self._segments[channel]
        try:
            try:
                segment.append(block)
            except OSError as error:
                if error.errno != errno.ENOSPC or not self._free_reserve():
                    raise
                segment.append(block)
            if channel is Channel.AUDIT:
                segment.sync()
        except OSError as error:
            self._fail(channel, len(lines), error)
            return
        self.written[channel] += len(lines)
        if channel is Channel.AUDIT:
            self._durable_audit += len(lines)

    def _sync_all(self) -> None:
        for channel, segment in self._segments.items():
            try:
                segment.sync()
            except OSError as error:
                self._fail(channel, 0, error)

    def _close_segments(self) -> None:
        for channel, segment in self._segments.items():
            try:
                segment.close()
            except OSError as error:
                self._fail(channel, 0, error)

    def _free_reserve(self) -> bool:
        """Give the reserved room to the last words; True when there was some. The disk counts as full all the same."""
        try:
            self._paths.reserve.unlink()
        except FileNotFoundError:
            return False
        self._report(
            StorageError("the disk is full", why="writing evidence used up all free space", cause=Cause.DISK_FULL)
        )
        return True

    def _fail(self, channel: Channel, lost: int, error: OSError) -> None:
        self.dropped[channel] += lost
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        cause = Cause.DISK_FULL if full else Cause.SINK_FAILED
        what = f"{channel} events could not be written"
        failure = StorageError(what, why=error.strerror or str(error), cause=cause, channel=channel.value)
        if channel is Channel.AUDIT or full:
            self._report(failure)

    def _report(self, failure: StorageError) -> None:
        if self.failure is None:
            self.failure = failure
            self._call_soon(self._on_failure, failure)

    def _release_waiters(self) -> None:
        with self._wake:
            ready = [w for needed, w in self._waiters if needed <= self._durable_audit or self.failure]
            self._waiters = [(n, w) for n, w in self._waiters if not (n <= self._durable_audit or self.failure)]
            failure = self.failure
        for waiter in ready:
            self._call_soon(_settle, waiter, failure)

    def _call_soon(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)


def _settle(waiter: asyncio.Future[None], failure: StorageError | None) -> None:
    if waiter.done():
        return
    if failure is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(failure)


class ListSink:
    """Keeps lines in memory: the shipped double for tests and for commands that write no evidence."""

    def __init__(self) -> None:
        self.lines: list[tuple[Channel, bytes]] = []

    def put(self, channel: Channel, line: bytes) -> bool:
        """Keep the line."""
        self.lines.append((channel, line))
        return True

    async def commit(self) -> None:
        """All lines are as durable as they get."""

    def close(self) -> None:
        """Nothing to close."""

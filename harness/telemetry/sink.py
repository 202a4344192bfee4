"""Where encoded events go. The port is three methods; `SegmentSink` writes JSON-lines segments from a thread of its own,
so that no disk ever stalls the event loop.

Queues are bounded by channel. A full queue drops and counts; `audit` has reserved room, is never dropped, and is
committed by `fdatasync` before `commit` returns (a step boundary awaits it). When `audit` cannot be written, `on_failure`
is called once and the work has to stop. Other channels count what they lose and go on as soon as the disk does.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

from harness.basics.errors import StorageError
from harness.basics.failures import Cause
from harness.runfolder.layout import Channel, RunPaths
from harness.runfolder.manifest import write_cause
from harness.telemetry.segment import open_segments

_ORDER = (Channel.AUDIT, Channel.OPERATIONAL, Channel.DOMAIN, Channel.PERFORMANCE)
"""What is written first while there is room: the last words before the figures."""


class Sink(Protocol):
    """Takes encoded lines; must never block in `put`."""

    def put(self, channel: Channel, line: bytes) -> bool:
        """Queue one line; False when it was dropped (of `audit`, only what comes after the end)."""
        ...

    async def commit(self) -> None:
        """Return when every `audit` line put so far is durable; StorageError when it cannot be."""
        ...

    def close(self) -> None:
        """Write and sync what is queued, and stop."""
        ...


class SegmentSink:
    """The default sink. `queue_bytes` bounds each non-audit channel; `sync_s` is their cadence of durability.

    `dropped` and `written` count lines by channel. StorageError when the segments cannot be made.
    """

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
        self._segments = open_segments(paths, segment_bytes)
        self._queues: dict[Channel, list[bytes]] = {channel: [] for channel in Channel}
        self._queued = dict.fromkeys(Channel, 0)
        self.dropped = dict.fromkeys(Channel, 0)
        self.written = dict.fromkeys(Channel, 0)
        self._hashes = {channel: hashlib.sha256() for channel in Channel}
        self._unsynced = dict.fromkeys(Channel, 0)
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
            if self._closing:
                self.dropped[channel] += 1
                if audit and self.failure is None:
                    self.failure = StorageError("audit events came after the end", why="the evidence was closed")
                return False
            if not audit and self._queued[channel] + len(line) > self._queue_bytes:
                self.dropped[channel] += 1
                return False
            self._queues[channel].append(line)
            self._queued[channel] += len(line)
            if audit:
                self._put_audit += 1
        return True

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 by channel of what was written; to be read when the sink is closed."""
        return {channel.value: made.hexdigest() for channel, made in self._hashes.items()}

    async def commit(self) -> None:
        """Wait until all audit lines put so far are on the disk."""
        with self._wake:
            self._refuse_after_failure()
            if self._durable_audit >= self._put_audit:
                return
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append((self._put_audit, waiter))
            self._wake.notify()
        await waiter
        self._refuse_after_failure()

    def _refuse_after_failure(self) -> None:
        if (first := self.failure) is not None:  # an error of its own for each caller: a raised one keeps its traceback
            raise StorageError(
                first.what, why=first.why, todo=first.todo, cause=first.cause, **first.context
            ) from first

    def close(self) -> None:
        """Stop the thread after a last flush; a second call does nothing. What cannot be written is counted."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._write_until_closed()
        except Exception as error:  # noqa: BLE001 - the thread's outer wall: nobody may wait for a writer that is gone
            self._record_failure(
                StorageError("evidence is no longer written", why=repr(error), cause=Cause.SINK_FAILED)
            )
            with self._wake:
                self._closing = True
                for channel, lines in self._queues.items():
                    self.dropped[channel] += len(lines)
        finally:
            self._release_waiters()
            for segment in self._segments.values():
                segment.close()

    def _write_until_closed(self) -> None:
        last_sync = time.monotonic()
        while True:
            with self._wake:
                if not self._closing and not self._waiters:
                    self._wake.wait(self._flush_s)
                closing = self._closing
                batch = {channel: self._queues[channel] for channel in _ORDER if self._queues[channel]}
                for channel in batch:
                    self._queues[channel] = []
                    self._queued[channel] = 0
            for channel, lines in batch.items():
                self._write(channel, lines)
            if closing or time.monotonic() - last_sync >= self._sync_s:
                for channel in _ORDER:
                    self._sync(channel)
                    self._check_place(channel)
                last_sync = time.monotonic()
            self._release_waiters()
            if closing:
                return

    def _write(self, channel: Channel, lines: list[bytes]) -> None:
        block = b"".join(lines)
        segment = self._segments[channel]
        try:
            try:
                segment.append(block)
            except OSError as error:
                if error.errno not in {errno.ENOSPC, errno.EDQUOT} or not self._free_reserve():
                    raise
                segment.append(block)
            if channel is Channel.AUDIT:
                segment.sync()
        except OSError as error:
            self._fail(channel, len(lines), error)
            return
        self._hashes[channel].update(block)
        with self._wake:
            self.written[channel] += len(lines)
            if channel is Channel.AUDIT:
                self._durable_audit += len(lines)
            else:
                self._unsynced[channel] += len(lines)

    def _sync(self, channel: Channel) -> None:
        """What was written and cannot be made durable is lost: the kernel forgets it after it has told us once."""
        lost, self._unsynced[channel] = self._unsynced[channel], 0
        try:
            self._segments[channel].sync()
        except OSError as error:
            with self._wake:
                self.written[channel] -= lost
            self._fail(channel, lost, error)

    def _check_place(self, channel: Channel) -> None:
        """A folder that was removed in mid-run takes writes without complaint; its evidence is gone all the same."""
        try:
            self._segments[channel].check_place()
        except OSError as error:
            self._record_failure(
                StorageError(
                    f"the run's folder is gone: {self._paths.root}",
                    why=f"the {channel} events were in {error.filename}, which was removed or replaced: {error.strerror}",
                    todo="leave the folder of a run alone while it works, and start again",
                    cause=Cause.SINK_FAILED,
                )
            )

    def _free_reserve(self) -> bool:
        """Give the reserved room to the last words; True when there was some. The disk counts as full all the same."""
        try:
            self._paths.reserve.unlink()
        except FileNotFoundError:
            return False
        self._record_failure(
            StorageError("the disk is full", why="writing evidence used up all free space", cause=Cause.DISK_FULL)
        )
        return True

    def _fail(self, channel: Channel, lost: int, error: OSError) -> None:
        with self._wake:
            self.dropped[channel] += lost
        full = write_cause(error) is Cause.DISK_FULL
        cause = Cause.DISK_FULL if full else Cause.SINK_FAILED
        what = f"{channel} events could not be written"
        failure = StorageError(what, why=error.strerror or str(error), cause=cause, channel=channel.value)
        if channel is Channel.AUDIT or full:
            self._record_failure(failure)

    def _record_failure(self, failure: StorageError) -> None:
        """The first one counts, and is told once."""
        if self.failure is None:
            self.failure = failure
            self._call_soon(self._on_failure, failure)

    def _release_waiters(self) -> None:
        with self._wake:
            ready = [w for needed, w in self._waiters if needed <= self._durable_audit or self.failure]
            self._waiters = [(n, w) for n, w in self._waiters if not (n <= self._durable_audit or self.failure)]
        for waiter in ready:
            self._call_soon(_settle, waiter)

    def _call_soon(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


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

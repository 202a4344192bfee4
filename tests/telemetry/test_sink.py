"""The sink on a disk that works, one that is full, and one that is killed under it."""

import asyncio
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from harness.basics.errors import StorageError
from harness.basics.exit_codes import ExitCode
from harness.basics.failures import Cause
from harness.runfolder.event import Event
from harness.runfolder.framing import ChannelReading, encode_line, read_channel
from harness.runfolder.layout import Channel, RunPaths
from harness.telemetry.sink import ListSink, SegmentSink

AUDIT, DOMAIN, OPERATIONAL = Channel.AUDIT, Channel.DOMAIN, Channel.OPERATIONAL


def _line(seq: int, channel: Channel = AUDIT, *, padding: int = 0) -> bytes:
    return encode_line(
        Event(
            time_ns=0, mono_ns=0, seq=seq, channel=channel.value, event="x", level="info", run_id="r",
            path="p" * padding,
        )
    )  # fmt: skip


def _read(paths: RunPaths, channel: Channel = AUDIT) -> list[int]:
    """The sequence numbers on disk; every line must be whole and an event."""
    findings = ChannelReading([], [])
    seqs = [event.seq for event in read_channel(paths, channel, findings)]
    assert findings == ([], [])
    return seqs


# --- a disk that works


async def test_every_channel_holds_what_was_put_in_order(paths: RunPaths, open_sink: Any) -> None:
    sink = open_sink()
    channels = list(Channel)
    for seq in range(400):
        assert sink.put(channels[seq % 4], _line(seq, channels[seq % 4]))
    sink.close()
    for number, channel in enumerate(channels):
        assert _read(paths, channel) == list(range(number, 400, 4))
    assert sink.written == dict.fromkeys(Channel, 100)
    assert sink.dropped == dict.fromkeys(Channel, 0)


async def test_the_digest_of_a_channel_is_that_of_its_segments_one_after_the_other(
    paths: RunPaths, open_sink: Any
) -> None:
    sink = open_sink(segment_bytes=1000)
    for seq in range(60):
        sink.put(AUDIT if seq % 2 else DOMAIN, _line(seq, AUDIT if seq % 2 else DOMAIN))
        await sink.commit()
    sink.close()
    assert len(paths.segments(AUDIT)) > 2
    for channel in Channel:
        content = b"".join(segment.read_bytes() for segment in paths.segments(channel))
        assert sink.digests[channel.value] == sha256(content).hexdigest()


async def test_what_found_no_room_is_in_no_digest(paths: RunPaths, disk: Any, open_sink: Any) -> None:
    sink = open_sink()
    sink.put(DOMAIN, _line(1, DOMAIN))
    sink.put(AUDIT, _line(2))
    await sink.commit()
    disk.channel, disk.room = DOMAIN, 10
    sink.put(DOMAIN, _line(3, DOMAIN))
    sink.close()
    assert _read(paths, DOMAIN) == [1]
    (segment,) = paths.segments(DOMAIN)
    assert sink.digests["domain"] == sha256(segment.read_bytes()).hexdigest()


async def test_segments_rotate_and_read_back_as_one(paths: RunPaths, open_sink: Any) -> None:
    sink = open_sink(segment_bytes=1000)
    for seq in range(60):
        sink.put(AUDIT, _line(seq))
        await sink.commit()
    segments = paths.segments(AUDIT)
    assert len(segments) > 3
    assert all(path.stat().st_size <= 1000 for path in segments)
    assert _read(paths) == list(range(60))


async def test_commit_returns_only_after_the_disk_has_synced(paths: RunPaths, open_sink: Any, disk: Any) -> None:
    sink = open_sink()
    disk.may_sync.clear()
    sink.put(AUDIT, _line(1))
    commit = asyncio.create_task(sink.commit())
    await anyio.to_thread.run_sync(disk.syncing.wait)
    await anyio.wait_all_tasks_blocked()
    assert _read(paths) == [1]  # written, but not yet durable
    assert not commit.done()
    disk.may_sync.set()
    await commit
    assert paths.segment(AUDIT, 1) in disk.synced


async def test_commit_waits_for_what_was_put_before_it_and_not_for_what_came_later(open_sink: Any, disk: Any) -> None:
    sink = open_sink(flush_s=3600.0)
    disk.may_sync.clear()
    sink.put(AUDIT, _line(1))
    first = asyncio.create_task(sink.commit())
    await anyio.to_thread.run_sync(disk.syncing.wait)
    sink.put(AUDIT, _line(2))
    disk.may_sync.set()
    await first
    await sink.commit()


async def test_commit_with_nothing_to_wait_for_returns_at_once(open_sink: Any, disk: Any) -> None:
    sink = open_sink()
    disk.may_sync.clear()
    sink.put(DOMAIN, _line(1, DOMAIN))
    await sink.commit()
    disk.may_sync.set()


async def test_many_may_wait_for_one_commit_and_a_cancelled_one_disturbs_nobody(open_sink: Any, disk: Any) -> None:
    sink = open_sink()
    disk.may_sync.clear()
    sink.put(AUDIT, _line(1))
    waiting = [asyncio.create_task(sink.commit()) for _ in range(3)]
    await anyio.to_thread.run_sync(disk.syncing.wait)
    waiting[1].cancel()
    await anyio.wait_all_tasks_blocked()
    disk.may_sync.set()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), asyncio.CancelledError, type(None)]


async def test_a_full_queue_drops_and_counts_by_channel_but_never_audit(
    paths: RunPaths, open_sink: Any, disk: Any
) -> None:
    size = len(_line(1, DOMAIN))
    sink = open_sink(queue_bytes=3 * size)
    disk.may_sync.clear()
    sink.put(AUDIT, _line(0))
    commit = asyncio.create_task(sink.commit())
    await anyio.to_thread.run_sync(disk.syncing.wait)  # the writer is busy from here on: nothing leaves the queues
    assert [sink.put(DOMAIN, _line(seq, DOMAIN)) for seq in range(1, 6)] == [True, True, True, False, False]
    assert sink.put(OPERATIONAL, _line(6, OPERATIONAL))
    assert all(sink.put(AUDIT, _line(seq)) for seq in range(7, 57))
    assert sink.dropped == {**dict.fromkeys(Channel, 0), DOMAIN: 2}
    disk.may_sync.set()
    await commit
    sink.close()
    assert _read(paths, DOMAIN) == [1, 2, 3]
    assert _read(paths) == [0, *range(7, 57)]
    assert sink.failure is None


async def test_closing_twice_is_closing_once(paths: RunPaths, open_sink: Any) -> None:
    sink = open_sink()
    sink.put(DOMAIN, _line(1, DOMAIN))
    sink.close()
    sink.close()
    assert _read(paths, DOMAIN) == [1]


async def test_what_comes_after_the_end_is_counted_and_a_commit_of_it_refused(paths: RunPaths, open_sink: Any) -> None:
    sink = open_sink()
    sink.close()
    assert not sink.put(DOMAIN, _line(1, DOMAIN))
    await sink.commit()
    assert not sink.put(AUDIT, _line(2))
    assert (sink.dropped[DOMAIN], sink.dropped[AUDIT]) == (1, 1)
    with pytest.raises(StorageError, match="after the end"):
        await sink.commit()
    assert _read(paths) == []


def test_a_sink_that_outlives_its_loop_closes_all_the_same(paths: RunPaths, disk: Any) -> None:
    async def main() -> SegmentSink:
        return SegmentSink(paths, on_failure=lambda _: None, flush_s=3600.0)

    sink = asyncio.run(main())
    disk.room = 0
    sink.put(AUDIT, _line(1))
    sink.close()
    assert sink.dropped[AUDIT] == 1
    assert sink.failure is not None


# --- a disk that fails


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, Cause.DISK_FULL),
        (errno.EDQUOT, Cause.DISK_FULL),
        (errno.EFBIG, Cause.DISK_FULL),
        (errno.EIO, Cause.SINK_FAILED),
    ],
)
async def test_audit_that_cannot_be_written_is_told_once_and_every_commit_refuses(
    paths: RunPaths, open_sink: Any, told: Any, disk: Any, number: int, cause: Cause
) -> None:
    sink = open_sink()
    sink.put(AUDIT, _line(1))
    await sink.commit()
    disk.write_error = number
    sink.put(AUDIT, _line(2))
    errors = []
    for _ in range(2):
        with pytest.raises(StorageError, match="audit events could not be written") as caught:
            await sink.commit()
        errors.append(caught.value)
        sink.put(AUDIT, _line(3))
    await told.event.wait()
    sink.close()
    await anyio.wait_all_tasks_blocked()
    assert len(told.errors) == 1
    assert errors[0] is not errors[1]
    for error in [*told.errors, *errors]:
        assert (error.cause, error.exit_code) == (cause, ExitCode.ENVIRONMENT)
        assert error.why == os.strerror(number)
    assert _read(paths) == [1]
    assert sink.dropped[AUDIT] == 3


async def test_all_who_wait_for_a_commit_that_fails_are_told(open_sink: Any, disk: Any) -> None:
    sink = open_sink(flush_s=3600.0)
    disk.room = 5
    sink.put(AUDIT, _line(1))
    outcomes = await asyncio.gather(*(sink.commit() for _ in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageError] * 3


async def test_audit_that_is_written_but_cannot_be_made_durable_is_not_committed(
    open_sink: Any, told: Any, disk: Any
) -> None:
    sink = open_sink()
    disk.sync_error = errno.EIO
    sink.put(AUDIT, _line(1))
    with pytest.raises(StorageError, match="audit events could not be written"):
        await sink.commit()
    await told.event.wait()
    disk.sync_error = None


async def test_another_channel_counts_what_it_loses_and_goes_on_as_soon_as_the_disk_does(
    paths: RunPaths, open_sink: Any, told: Any, disk: Any
) -> None:
    sink = open_sink()
    disk.channel, disk.write_error = DOMAIN, errno.EIO
    sink.put(DOMAIN, _line(1, DOMAIN))
    await anyio.to_thread.run_sync(disk.failed.wait)
    sink.put(AUDIT, _line(2))
    await sink.commit()  # the audit trail stands, and the work may go on
    disk.write_error = None
    sink.put(DOMAIN, _line(3, DOMAIN))
    sink.close()
    assert _read(paths, DOMAIN) == [3]
    assert (sink.dropped[DOMAIN], sink.written[DOMAIN]) == (1, 1)
    assert told.errors == []


async def test_what_another_channel_could_not_make_durable_counts_as_lost(open_sink: Any, disk: Any) -> None:
    sink = open_sink()
    disk.channel, disk.sync_error = DOMAIN, errno.EIO
    for seq in range(3):
        sink.put(DOMAIN, _line(seq, DOMAIN))
    sink.close()
    assert (sink.dropped[DOMAIN], sink.written[DOMAIN]) == (3, 0)


async def test_a_full_disk_gives_its_reserve_to_the_last_words_and_stops_the_work(
    paths: RunPaths, open_sink: Any, told: Any, disk: Any
) -> None:
    paths.root.mkdir()
    paths.reserve.write_bytes(b"\0" * 10_000)
    sink = open_sink()
    disk.room = 10
    sink.put(DOMAIN, _line(1, DOMAIN))
    await told.event.wait()
    assert told.errors[0].cause is Cause.DISK_FULL
    assert not paths.reserve.exists()
    sink.put(AUDIT, _line(2))
    with pytest.raises(StorageError, match="the disk is full"):
        await sink.commit()
    sink.close()
    assert _read(paths, DOMAIN) == [1]
    assert _read(paths) == [2]
    assert not any(sink.dropped.values())


async def test_on_a_full_disk_audit_is_written_before_the_figures(paths: RunPaths, open_sink: Any, disk: Any) -> None:
    sink = open_sink(flush_s=3600.0)
    for channel in Channel:
        sink.put(channel, _line(1, channel))
    disk.room = len(_line(1, AUDIT)) + 20
    sink.close()
    assert {channel: _read(paths, channel) for channel in Channel} == {**{key: [] for key in Channel}, AUDIT: [1]}
    assert sink.dropped == {**dict.fromkeys(Channel, 1), AUDIT: 0}


async def test_a_writer_that_dies_of_a_defect_leaves_nobody_waiting(open_sink: Any, told: Any, disk: Any) -> None:
    sink = open_sink()
    disk.write_error = RuntimeError("a defect")
    sink.put(AUDIT, _line(1))
    with pytest.raises(StorageError, match="no longer written"):
        await sink.commit()
    await told.event.wait()
    assert "a defect" in told.errors[0].why
    sink.close()
    assert not sink.put(DOMAIN, _line(2, DOMAIN))
    assert sink.dropped[DOMAIN] == 1


# --- real disks and real kills


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not permitted here; the tests above fail the same system calls")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_file_system_keeps_whole_lines_and_the_last_words(
    small_disk: Path, open_sink: Any, told: Any
) -> None:
    paths = RunPaths(small_disk)
    paths.reserve.write_bytes(b"\0" * 128 * 1024)
    sink = open_sink(paths)
    seq = committed = 0

    async def fill() -> None:
        nonlocal seq, committed
        while True:
            for channel in (DOMAIN, OPERATIONAL, AUDIT):
                seq += 1
                sink.put(channel, _line(seq, channel, padding=3000))
            await sink.commit()
            committed = seq

    with pytest.raises(StorageError) as caught:
        await fill()
    assert caught.value.cause is Cause.DISK_FULL
    assert committed > 100
    assert not paths.reserve.exists()
    seq += 1
    sink.put(AUDIT, _line(seq))
    sink.close()
    found = {channel: _read(paths, channel) for channel in Channel}
    assert found[AUDIT][-1] == seq
    assert not sink.dropped[AUDIT]
    assert sorted(number for numbers in found.values() for number in numbers if number <= committed) == [
        *range(1, committed + 1)
    ]
    assert {channel: len(numbers) for channel, numbers in found.items()} == sink.written
    assert sum(sink.written.values()) + sum(sink.dropped.values()) == seq


_CHILD = """
import asyncio, json, resource, sys
from pathlib import Path
from harness.basics.errors import StorageError
from harness.runfolder.layout import Channel, RunPaths
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import SegmentSink

async def main(root, limit):
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    sink = SegmentSink(RunPaths(Path(root)), on_failure=lambda _: None, flush_s=0.001, segment_bytes=20_000)
    telemetry = Telemetry(sink, run_id="run")
    cause = ""
    while not cause:
        telemetry.log.info("secret.used", reference="x" * 50, action="type")
        telemetry.log.info("spin.ended", outcome="completed", committed="yes")
        try:
            await telemetry.commit()
        except StorageError as error:
            cause = error.cause
        else:
            print(telemetry.emitted[Channel.AUDIT], flush=True)
    telemetry.close()
    print(json.dumps({"cause": cause, "written": sink.written, "dropped": sink.dropped}))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


@pytest.mark.parametrize("rounds", [1, 20, 300])
async def test_what_was_committed_before_a_kill_is_there_and_a_torn_tail_is_marked_and_cut(
    paths: RunPaths, open_sink: Any, rounds: int
) -> None:
    command = [sys.executable, "-c", _CHILD, str(paths.root), "0"]
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    committed = [int(await child.stdout.readline()) for _ in range(rounds)][-1]
    child.kill()
    await child.communicate()
    for channel in (AUDIT, DOMAIN):
        findings = ChannelReading([], [])
        seqs = [event.seq for event in read_channel(paths, channel, findings)]
        first = 1 if channel is AUDIT else 2
        assert seqs == list(range(first, first + 2 * len(seqs), 2))
        assert findings.bad == []
        assert len(findings.torn) <= 1
        assert all(tail.segment == paths.segments(channel)[-1] for tail in findings.torn)
        if channel is AUDIT:
            assert len(seqs) >= committed
    open_sink().close()
    _read(paths, AUDIT)
    _read(paths, DOMAIN)


async def test_a_file_size_limit_of_the_system_is_a_full_disk(paths: RunPaths) -> None:
    """The kernel itself writes a part of a line here before it refuses the rest."""
    done = await anyio.run_process([sys.executable, "-c", _CHILD, str(paths.root), "10000"])
    *committed, last = done.stdout.splitlines()
    end = json.loads(last)
    assert end["cause"] == "disk_full"
    found = {channel: len(_read(paths, channel)) for channel in Channel}
    assert found[AUDIT] >= int(committed[-1])
    assert found == end["written"]
    assert end["dropped"]["audit"] + end["dropped"]["domain"] >= 1


async def test_the_double_keeps_lines_in_memory() -> None:
    sink = ListSink()
    assert sink.put(DOMAIN, b"a\n")
    await sink.commit()
    sink.close()
    assert sink.lines == [(DOMAIN, b"a\n")]


# --- a folder that is taken away


async def test_a_folder_that_is_removed_in_mid_run_stops_the_work(paths: RunPaths, open_sink: Any, told: Any) -> None:
    sink = open_sink(sync_s=0.001)
    sink.put(AUDIT, _line(1))
    await sink.commit()
    assert told.errors == []
    shutil.rmtree(paths.root)
    await told.event.wait()
    (error,) = told.errors
    assert error.what == f"the run's folder is gone: {paths.root}"
    assert error.exit_code is ExitCode.ENVIRONMENT
    sink.put(AUDIT, _line(2))
    with pytest.raises(StorageError, match="folder is gone"):
        await sink.commit()
    sink.close()
    await anyio.wait_all_tasks_blocked()
    assert len(told.errors) == 1

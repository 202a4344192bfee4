import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.basics.errors import StorageError
from harness.basics.failures import Cause
from harness.runfolder.layout import Channel, RunPaths
from harness.telemetry.segment import Segment, open_segments

LINE = b'{"a":"' + b"x" * 91 + b'"}\n'
"""100 bytes."""


@pytest.fixture
def segment(paths: RunPaths) -> Iterator[Segment]:
    segment = Segment(paths, Channel.AUDIT, 250)
    yield segment
    segment.close()


def _contents(paths: RunPaths) -> list[bytes]:
    return [path.read_bytes() for path in paths.segments(Channel.AUDIT)]


def test_a_segment_gives_way_to_the_next_before_it_outgrows_its_limit(paths: RunPaths, segment: Segment) -> None:
    for _ in range(5):
        segment.append(LINE)
    assert _contents(paths) == [LINE * 2, LINE * 2, LINE]


def test_a_block_larger_than_a_segment_is_not_split(paths: RunPaths, segment: Segment) -> None:
    segment.append(LINE)
    segment.append(LINE * 4)
    segment.append(LINE)
    assert _contents(paths) == [LINE, LINE * 4, LINE]


def test_a_full_segment_is_durable_before_the_next_is_begun(paths: RunPaths, disk: object, segment: Segment) -> None:
    for _ in range(3):
        segment.append(LINE)
    assert disk.synced == [paths.segment(Channel.AUDIT, 1)]  # type: ignore[attr-defined]


def test_a_write_that_fails_midway_leaves_whole_lines(paths: RunPaths, disk: object, segment: Segment) -> None:
    segment.append(LINE)
    disk.room = 30  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="No space left"):
        segment.append(LINE)
    assert _contents(paths) == [LINE]
    disk.room = None  # type: ignore[attr-defined]
    segment.append(LINE)
    assert _contents(paths) == [LINE * 2]


def test_a_partial_line_that_could_not_be_cut_at_once_is_cut_before_the_next(
    paths: RunPaths, disk: object, segment: Segment
) -> None:
    disk.room, disk.truncate_error = 30, errno.EIO  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            segment.append(LINE)
    assert _contents(paths) == [LINE[:30]]
    disk.room, disk.truncate_error = None, None  # type: ignore[attr-defined]
    segment.append(LINE)
    assert _contents(paths) == [LINE]


def test_where_the_next_segment_cannot_be_made_the_present_one_stays_open(
    paths: RunPaths, disk: object, segment: Segment
) -> None:
    segment.append(LINE * 2)
    before = segment.descriptor
    disk.open_error = errno.ENOSPC  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            segment.append(LINE)
    assert segment.descriptor == before
    os.fstat(before)
    disk.open_error = None  # type: ignore[attr-defined]
    segment.append(LINE)
    assert _contents(paths) == [LINE * 2, LINE]


def test_an_opened_again_channel_goes_on_behind_its_last_whole_line(paths: RunPaths) -> None:
    paths.channel(Channel.AUDIT).mkdir(parents=True)
    paths.segment(Channel.AUDIT, 3).write_bytes(LINE + LINE[:50])
    segment = Segment(paths, Channel.AUDIT, 250)
    for _ in range(2):
        segment.append(LINE)
    segment.close()
    assert {path.name: path.read_bytes() for path in paths.segments(Channel.AUDIT)} == {
        "segment-000003.jsonl": LINE * 2,
        "segment-000004.jsonl": LINE,
    }


def test_segments_are_for_the_user_alone(paths: RunPaths, segment: Segment) -> None:
    assert os.fstat(segment.descriptor).st_mode & 0o777 == 0o600


def test_where_there_is_no_room_for_the_channels_none_stays_open(paths: RunPaths, disk: object) -> None:
    disk.open_error = errno.ENOSPC  # type: ignore[attr-defined]
    before = set(Path("/proc/self/fd").iterdir())
    with pytest.raises(StorageError, match="no events can be written") as caught:
        open_segments(paths, 1000)
    assert caught.value.cause is Cause.DISK_FULL
    assert set(Path("/proc/self/fd").iterdir()) == before


def test_every_channel_gets_its_folder(paths: RunPaths) -> None:
    segments = open_segments(paths, 1000)
    for segment in segments.values():
        segment.close()
    assert {path.name for path in (paths.root / "channels").iterdir()} == {c.collection for c in Channel}


def test_a_file_that_was_removed_or_replaced_is_no_longer_in_its_place(paths: RunPaths, segment: Segment) -> None:
    segment.append(LINE)
    segment.check_place()
    (file,) = paths.segments(Channel.AUDIT)
    file.rename(file.with_name("moved"))
    with pytest.raises(FileNotFoundError):
        segment.check_place()
    file.write_bytes(LINE)
    with pytest.raises(FileNotFoundError, match="another file stands in its place"):
        segment.check_place()
    (file.with_name("moved")).rename(file)
    segment.check_place()

import os
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runfolder.event import Event
from harness.runfolder.framing import (
    BadLine,
    ChannelReading,
    SegmentReader,
    cut_torn_tail,
    encode_line,
    misnumbered,
    read_channel,
)
from harness.runfolder.layout import Channel, RunPaths


def _event(seq: int, **fields: object) -> Event:
    return Event(
        time_ns=seq, mono_ns=seq, seq=seq, channel="audit", event="secret.used", level="info", run_id="run-1",
        fields=fields,
    )  # fmt: skip


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    return tmp_path / "segment-000001.jsonl"


EVENTS = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=6)


@given(EVENTS, st.data())
def test_any_truncation_reads_back_as_a_prefix_and_at_most_one_marked_tail(
    tmp_path_factory: pytest.TempPathFactory, fields: list[dict[str, str]], data: st.DataObject
) -> None:
    segment = tmp_path_factory.getbasetemp() / "truncated.jsonl"
    events = [_event(number, **each) for number, each in enumerate(fields)]
    whole = b"".join(map(encode_line, events))
    content = whole[: data.draw(st.integers(0, len(whole)))]
    segment.write_bytes(content)

    reader = SegmentReader(segment)
    read = list(reader)

    assert read == events[: len(read)]
    assert reader.bad == []
    complete = b"".join(map(encode_line, read))
    if complete == content:
        assert reader.torn is None
    else:
        assert reader.torn == (segment, len(complete), len(content) - len(complete))
    assert cut_torn_tail(segment) == reader.torn
    assert segment.read_bytes() == complete
    assert cut_torn_tail(segment) is None


def test_a_tail_longer_than_what_is_read_at_once_is_cut_to_its_line(segment: Path) -> None:
    line = encode_line(_event(1))
    segment.write_bytes(line + b"x" * 200_000)
    assert cut_torn_tail(segment) == (segment, len(line), 200_000)
    assert segment.read_bytes() == line


def test_a_file_of_one_torn_line_alone_is_cut_to_nothing(segment: Path) -> None:
    segment.write_bytes(b"y" * 70_000)
    assert cut_torn_tail(segment) == (segment, 0, 70_000)
    assert segment.read_bytes() == b""


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no json",
        b'{"seq":1}',
        encode_line(_event(1)).replace(b'"seq":1', b'"seq":"1"').rstrip(),
        b'{"a":"\xff"}',
        b"\0" * 40,
        encode_line(_event(1, deep=1)).replace(b'"deep":1', b'"deep":' + b"[" * 100_000).rstrip(),
    ],
    ids=["empty", "words", "too little", "wrong type", "not UTF-8", "zeros", "too deep"],
)
def test_a_complete_line_that_is_no_event_is_told_and_the_rest_is_read(segment: Path, line: bytes) -> None:
    segment.write_bytes(encode_line(_event(1)) + line + b"\n" + encode_line(_event(2)))
    reader = SegmentReader(segment)
    assert [event.seq for event in reader] == [1, 2]
    assert [(bad.segment, bad.number) for bad in reader.bad] == [(segment, 2)]
    assert reader.torn is None


def test_reading_a_segment_twice_tells_its_troubles_once(segment: Path) -> None:
    segment.write_bytes(b"bad\n" + b"torn")
    reader = SegmentReader(segment)
    for _ in range(2):
        assert list(reader) == []
        assert len(reader.bad) == 1
        assert reader.torn == (segment, 4, 4)


def test_an_event_of_a_newer_harness_with_more_keys_is_read(segment: Path) -> None:
    segment.write_bytes(encode_line(_event(1)).replace(b'"seq":1', b'"seq":1,"new_key":[1,2]'))
    assert [event.seq for event in SegmentReader(segment)] == [1]


def test_ids_that_do_not_apply_are_left_out_of_the_line() -> None:
    assert encode_line(_event(1)) == (
        b'{"time_ns":1,"mono_ns":1,"seq":1,"channel":"audit","event":"secret.used","level":"info","run_id":"run-1"}\n'
    )


def test_a_channel_is_read_over_its_segments_and_tells_where_each_trouble_is(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    paths.channel(Channel.AUDIT).mkdir(parents=True)
    paths.segment(Channel.AUDIT, 1).write_bytes(encode_line(_event(1)) + b"{")
    paths.segment(Channel.AUDIT, 2).write_bytes(b"bad\n" + encode_line(_event(2)))
    findings = ChannelReading([], [])
    assert [event.seq for event in read_channel(paths, Channel.AUDIT, findings)] == [1, 2]
    assert [tail.segment for tail in findings.torn] == [paths.segment(Channel.AUDIT, 1)]
    assert [bad.segment for bad in findings.bad] == [paths.segment(Channel.AUDIT, 2)]
    assert list(read_channel(paths, Channel.DOMAIN, findings)) == []


def test_a_pipe_in_a_segments_place_is_told_and_never_waited_for(tmp_path: Path) -> None:
    segment = tmp_path / "segment-000001.jsonl"
    os.mkfifo(segment)
    reader = SegmentReader(segment)
    assert list(reader) == []
    assert [(bad.number, bad.reason) for bad in reader.bad] == [(0, "it is no regular file")]


def test_a_folder_in_a_segments_place_is_told(segment: Path) -> None:
    segment.mkdir()
    reader = SegmentReader(segment)
    assert list(reader) == []
    assert [(bad.number, bad.reason) for bad in reader.bad] == [(0, "it is no regular file")]


@pytest.mark.parametrize("asked", ["is_file", "open"])
def test_a_segment_that_may_not_be_read_is_told(segment: Path, monkeypatch: pytest.MonkeyPatch, asked: str) -> None:
    segment.write_bytes(encode_line(_event(1)))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, asked, refuse)
    reader = SegmentReader(segment)
    assert list(reader) == []
    assert [(bad.number, bad.reason) for bad in reader.bad] == [(0, "it cannot be read: Permission denied")]


def test_each_event_has_the_number_of_its_line_and_the_digest_is_that_of_the_file(segment: Path) -> None:
    content = encode_line(_event(1)) + b"bad\n" + encode_line(_event(2)) + b"torn"
    segment.write_bytes(content)
    digest = sha256()
    reader = SegmentReader(segment, digest)
    assert [(event.seq, reader.number) for event in reader] == [(1, 1), (2, 3)]
    assert digest.digest() == sha256(content).digest()


def test_a_stamp_that_no_clock_shows_makes_no_event(segment: Path) -> None:
    line = encode_line(_event(1))
    segment.write_bytes(
        line.replace(b'"mono_ns":1', b'"mono_ns":-1') + line.replace(b'"seq":1', b'"seq":1' + b"0" * 30)
    )
    reader = SegmentReader(segment)
    assert list(reader) == []
    assert [bad.number for bad in reader.bad] == [1, 2]


def test_where_a_line_lies_is_told_with_its_channel(tmp_path: Path) -> None:
    segment = tmp_path / "L0G_4UD1T" / "segment-000002.jsonl"
    assert str(BadLine(segment, 7, "no event")) == "L0G_4UD1T/segment-000002.jsonl line 7: no event"
    assert str(BadLine(segment, 0, "no file")) == "L0G_4UD1T/segment-000002.jsonl: no file"


@pytest.mark.parametrize(
    ("names", "wrong"),
    [
        ([], []),
        (["000001", "000002", "000003"], []),
        (["000002"], ["segment 000001 should stand here"]),
        (["000001", "000003", "000004"], ["segment 000002 should stand here"]),
        (["000001", "000001 copy"], ["segment 000002 should stand here"]),
        (["000001", "²"], ["segment 000002 should stand here"]),
    ],
)
def test_segments_are_counted_from_one_without_a_gap(tmp_path: Path, names: list[str], wrong: list[str]) -> None:
    segments = [tmp_path / f"segment-{name}.jsonl" for name in names]
    assert [bad.reason for bad in misnumbered(segments)] == wrong

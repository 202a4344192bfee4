from typing import Any

import msgspec
import pytest

from harness.basics.clock import FakeClock
from harness.basics.secret import Secret
from harness.runfolder.event import Event
from harness.runfolder.framing import ChannelReading, read_channel
from harness.runfolder.layout import Channel, RunPaths
from harness.telemetry.correlation import correlated
from harness.telemetry.pipeline import Telemetry, UndeclaredEventError
from harness.telemetry.redaction import Redactor
from harness.telemetry.sink import ListSink


class FullSink(ListSink):
    """Drops the events of some channels."""

    def __init__(self, *full: Channel) -> None:
        super().__init__()
        self.full = set(full)

    def put(self, channel: Channel, line: bytes) -> bool:
        return channel not in self.full and super().put(channel, line)


def _events(sink: ListSink) -> list[Event]:
    return [msgspec.json.decode(line, type=Event) for _, line in sink.lines]


def _telemetry(sink: ListSink | None = None, **options: Any) -> tuple[Telemetry, ListSink]:
    sink = sink or ListSink()
    return Telemetry(sink, run_id="run-1", clock=FakeClock(), **options), sink


def test_an_event_goes_to_the_channel_that_the_catalogue_says_with_its_fields() -> None:
    telemetry, sink = _telemetry(incarnation=3)
    telemetry.log.warning("secret.used", reference="env:X", action="type")
    ((channel, line),) = sink.lines
    assert channel is Channel.AUDIT
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    event = msgspec.json.decode(line, type=Event)
    assert (event.channel, event.event, event.level) == ("audit", "secret.used", "warning")
    assert (event.run_id, event.incarnation, event.seq) == ("run-1", 3, 1)
    assert event.time_ns == FakeClock().wall_ns()
    assert event.fields == {"reference": "env:X", "action": "type"}


async def test_the_sequence_rises_over_all_channels_and_within_each_on_disk(paths: RunPaths, open_sink: Any) -> None:
    telemetry = Telemetry(open_sink(), run_id="run-1")
    for number in range(100):
        telemetry.log.info("spin.ended", attempt=number)
        telemetry.log.info("secret.used", action="type")
        if number % 10 == 0:
            await telemetry.commit()
    telemetry.close()
    found = ChannelReading([], [])
    assert [event.seq for event in read_channel(paths, Channel.DOMAIN, found)] == list(range(1, 200, 2))
    assert [event.seq for event in read_channel(paths, Channel.AUDIT, found)] == list(range(2, 201, 2))


@pytest.mark.parametrize(
    ("name", "fields"), [("secret.stolen", {}), ("secret.used", {"value": "x"}), ("secret.used", {"exc_info": True})]
)
def test_an_event_or_field_that_is_not_declared_is_refused_and_leaves_no_gap(name: str, fields: dict[str, Any]) -> None:
    telemetry, sink = _telemetry()
    with pytest.raises(UndeclaredEventError, match=name.replace(".", r"\.")):
        telemetry.log.info(name, **fields)
    assert sink.lines == []
    telemetry.log.info("secret.used")
    assert [event.seq for event in _events(sink)] == [1]


def test_the_run_cannot_be_named_otherwise_by_what_is_bound() -> None:
    telemetry, sink = _telemetry(incarnation=2)
    with correlated(run_id="another", incarnation="9"):
        telemetry.log.info("secret.used")
    assert [(event.run_id, event.incarnation) for event in _events(sink)] == [("run-1", 2)]


def test_an_id_of_another_type_still_makes_a_line_that_readers_take() -> None:
    telemetry, sink = _telemetry()
    telemetry.log.info("secret.used", worker_id=7, step_id=None, epoch=("a", 1))
    (event,) = _events(sink)
    assert (event.worker_id, event.step_id, event.epoch) == ("7", "", "('a', 1)")


# --- fails closed


class _RaisesOnText(Redactor):
    def text(self, value: Any) -> Any:
        raise KeyError("a defect")


class _RaisesOnLine(Redactor):
    def line(self, encoded: bytes) -> bytes:
        raise RuntimeError("a defect")


SECRET = "correct horse"


def test_where_redaction_of_a_field_fails_the_skeleton_is_written() -> None:
    telemetry, sink = _telemetry(redactor=_RaisesOnText([Secret("shop", SECRET)]))
    telemetry.log.info("page.dialog", message=SECRET, worker_id="w1", phase=SECRET)
    (event,) = _events(sink)
    assert (event.event, event.seq, event.fields, event.worker_id) == ("page.dialog", 1, {}, "w1")
    assert event.phase == "[redacted shop]"
    assert telemetry.skeletons == 1


def test_where_redaction_of_a_line_fails_not_even_ids_are_written() -> None:
    telemetry, sink = _telemetry(redactor=_RaisesOnLine())
    telemetry.log.info("page.dialog", message=SECRET, phase=SECRET)
    ((_, line),) = sink.lines
    assert SECRET.encode() not in line
    (event,) = _events(sink)
    assert (event.event, event.seq, event.run_id, event.phase, event.fields) == ("page.dialog", 1, "run-1", "", {})


def _endless() -> dict[str, Any]:
    table: dict[str, Any] = {}
    table["itself"] = table
    return table


@pytest.mark.parametrize(
    "value",
    [object(), Secret("shop", SECRET), {"a": Secret("shop", SECRET)}, "half \ud800", {1, object()}, _endless()],
    ids=["object", "secret", "secret in a table", "half a character", "set", "endless"],
)
def test_a_value_that_cannot_be_written_does_not_reach_the_line_nor_who_logs(value: object) -> None:
    telemetry, sink = _telemetry(redactor=Redactor([Secret("shop", SECRET)]))
    telemetry.log.info("page.dialog", kind=value, message=value)
    (event,) = _events(sink)
    assert (event.event, event.fields) == ("page.dialog", {})
    assert telemetry.skeletons == 1
    telemetry.summarise()
    assert _events(sink)[-1].fields["emitted"]["skeletons"] == 1


def test_an_id_that_cannot_be_written_does_not_reach_who_logs() -> None:
    telemetry, sink = _telemetry()
    telemetry.log.info("page.dialog", phase="half \ud800", message="m")
    (event,) = _events(sink)
    assert (event.phase, event.fields) == ("", {})


# --- counts


def test_what_the_sink_drops_is_counted_and_told_once() -> None:
    telemetry, sink = _telemetry(FullSink(Channel.DOMAIN))
    telemetry.tell_drops()
    for _ in range(3):
        telemetry.log.info("spin.ended")
    telemetry.tell_drops()
    telemetry.tell_drops()
    telemetry.log.info("spin.ended")
    telemetry.tell_drops()
    assert [event.fields for event in _events(sink)] == [{"dropped": {"domain": 3}}, {"dropped": {"domain": 1}}]
    assert telemetry.drops() == {"operational": 0, "performance": 0, "domain": 4, "audit": 0}
    assert telemetry.emitted[Channel.DOMAIN] == 0


def test_drops_whose_telling_was_dropped_itself_are_told_later() -> None:
    sink = FullSink(Channel.DOMAIN, Channel.OPERATIONAL)
    telemetry, _ = _telemetry(sink)
    telemetry.log.info("spin.ended")
    telemetry.tell_drops()
    sink.full.clear()
    telemetry.tell_drops()
    assert [event.fields for event in _events(sink)] == [{"dropped": {"domain": 1, "operational": 1}}]


def test_the_summary_tells_totals_by_channel() -> None:
    telemetry, sink = _telemetry(FullSink(Channel.DOMAIN))
    telemetry.log.info("secret.used")
    telemetry.log.info("spin.ended")
    telemetry.summarise()
    assert _events(sink)[-1].fields == {
        "emitted": {"operational": 0, "performance": 0, "domain": 0, "audit": 1, "skeletons": 0},
        "dropped": {"operational": 0, "performance": 0, "domain": 1, "audit": 0},
    }


async def test_what_the_disk_lost_after_the_queue_took_it_counts_as_dropped(open_sink: Any, disk: Any) -> None:
    sink = open_sink()
    telemetry = Telemetry(sink, run_id="run-1")
    disk.room = 0
    telemetry.log.info("spin.ended")
    telemetry.close()
    assert telemetry.emitted[Channel.DOMAIN] == 1
    assert telemetry.drops()["domain"] == 1

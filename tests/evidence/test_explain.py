from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.evidence.explain import LIMIT, explain
from harness.runfolder.framing import encode_line
from harness.runfolder.layout import Channel
from tests.evidence.run_builder import RUN_ID, RunBuilder


@pytest.fixture
def run(tmp_path: Path) -> RunBuilder:
    made = RunBuilder(tmp_path)
    made.emit("run.started", 0.0, mode="burn-in", profile="demo", workers=2, browsers=1, duration_s=60.0)
    made.emit("browser.started", browser_id="b1", cohort="a", product="Chrome", pid=7, kind="headless", startup_ms=1.0)
    made.spin(worker="w1")
    made.spin(worker="w2", outcome="failed", committed="no")
    made.spin(worker="w1", item_id="item-00001")
    made.write()
    return made


def test_a_spin_leads_to_its_events_over_all_channels_in_order(run: RunBuilder) -> None:
    chain = explain(run.root, "spin-00002")
    assert chain.kind == "spin_id"
    assert {event.channel for event in chain.events} == {"operational", "performance", "domain", "audit"}
    assert [event.seq for event in chain.events] == sorted(event.seq for event in chain.events)
    assert {event.spin_id for event in chain.events} == {"spin-00002"}
    assert all(map(chain.is_marked, chain.events))


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("trace-00002", "trace_id"),
        ("b1.1.21", "command_id"),
        ("spin-00002/step-1", "step_id"),
        ("spin-00002/Buy", "phase"),
    ],
)
def test_a_place_in_a_spin_leads_to_the_whole_spin_with_the_place_marked(
    run: RunBuilder, wanted: str, kind: str
) -> None:
    chain = explain(run.root, wanted)
    assert chain.kind == kind
    assert chain.spin_ids == ("spin-00002",)
    assert chain.events[0].event == "spin.started"
    marked = [event for event in chain.events if chain.is_marked(event)]
    assert marked
    assert kind == "trace_id" or len(marked) < len(chain.events)


def test_a_failure_leads_to_the_spin_that_it_ended(run: RunBuilder) -> None:
    failure_id = next(
        e.fields["failure_id"] for e in explain(run.root, "spin-00002").events if "failure_id" in e.fields
    )
    chain = explain(run.root, failure_id)
    assert chain.kind == "failure_id"
    assert chain.spin_ids == ("spin-00002",)
    assert [event.event for event in chain.events if chain.is_marked(event)] == ["failure.recorded"]


def test_an_item_leads_to_all_its_attempts(run: RunBuilder) -> None:
    spins = {event.spin_id for event in explain(run.root, "item-00001").events}
    assert spins == {"", "spin-00001", "spin-00003"}


def test_a_worker_and_a_browser_lead_to_what_carries_their_id(run: RunBuilder) -> None:
    assert {event.worker_id for event in explain(run.root, "w2").events} == {"w2"}
    chain = explain(run.root, "b1")
    assert chain.kind == "browser_id"
    assert "browser.started" in {event.event for event in chain.events}


def test_a_run_leads_to_everything_up_to_the_limit(run: RunBuilder) -> None:
    chain = explain(run.root, RUN_ID, limit=5)
    assert chain.kind == "run_id"
    assert len(chain.events) == 5
    assert chain.more == run.seq - 5


def test_an_unknown_id_names_the_nearest_ones(run: RunBuilder) -> None:
    with pytest.raises(UsageError) as told:
        explain(run.root, "spin-0000")
    assert "spin-00001" in told.value.todo
    with pytest.raises(UsageError) as told:
        explain(run.root, "spin-00092/step-1")
    assert "spin-0000" in told.value.todo
    with pytest.raises(UsageError):
        explain(run.root, "")


def test_a_step_of_many_spins_wants_its_spin(run: RunBuilder) -> None:
    with pytest.raises(UsageError) as told:
        explain(run.root, "step-1")
    assert "spin-00001/step-1" in told.value.todo


def test_an_id_with_characters_that_json_escapes_is_found(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.emit("item.enqueued", item_id='odd "item" \\ ü', path="shop", priority=0)
    run.write()
    assert len(explain(run.root, 'odd "item" \\ ü').events) == 1


def test_a_torn_tail_and_bad_lines_do_not_stop_it(run: RunBuilder) -> None:
    with run.paths.segment(Channel.DOMAIN, 1).open("ab") as file:
        file.write(b'nonsense "spin-00002"\n{"torn": "spin-00002"')
    assert len(explain(run.root, "spin-00002").events) == len(explain(run.root, "trace-00002").events)


def test_one_chain_is_found_in_a_large_folder(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin()
    filler = run.emit("command.completed", spin_id="spin-huge", command_id="c", method="Page.reload", duration_ms=1.0)
    noise = []
    for seq in range(run.seq + 1, run.seq + 2 * LIMIT):
        filler.seq = seq
        noise.append(encode_line(filler))
    run.lines[Channel.PERFORMANCE] += noise
    run.seq += len(noise)
    run.spin()
    run.write()
    assert explain(run.root, "spin-00002").spin_ids == ("spin-00002",)
    huge = explain(run.root, "spin-huge")
    assert len(huge.events) == LIMIT
    assert huge.more == LIMIT

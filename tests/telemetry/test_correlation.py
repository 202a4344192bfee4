import asyncio

import anyio
import pytest

from harness.telemetry.correlation import correlated, current_correlation, new_span_id, new_trace_id, rebind
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink


def test_ids_are_bound_for_the_block_and_what_stood_before_is_restored() -> None:
    with correlated(worker_id="w1", phase="outer"):
        with correlated(phase="inner", step_id="s1"):
            assert current_correlation() == {"worker_id": "w1", "phase": "inner", "step_id": "s1"}
        assert current_correlation() == {"worker_id": "w1", "phase": "outer"}
    assert current_correlation() == {}


def test_an_error_leaves_no_id_behind() -> None:
    with pytest.raises(RuntimeError), correlated(worker_id="w1"):
        raise RuntimeError
    assert current_correlation() == {}


def test_a_rebound_id_lasts_until_the_block_that_bound_it_ends() -> None:
    with correlated(epoch=""):
        with correlated(phase="p1"):
            rebind(epoch="1.2")
        assert current_correlation() == {"epoch": "1.2"}
        with correlated(phase="p2"):
            assert current_correlation() == {"epoch": "1.2", "phase": "p2"}
    assert current_correlation() == {}


@pytest.mark.parametrize("name", ["worker", "secret", "event"])
def test_what_is_no_part_of_the_chain_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not part of the correlation chain"), correlated(**{name: "x"}):
        pass
    with pytest.raises(ValueError, match="not part of the correlation chain"):
        rebind(**{name: "x"})
    assert current_correlation() == {}


async def test_a_task_starts_with_its_parents_ids_and_its_own_stay_its_own() -> None:
    seen: dict[str, list[dict[str, str]]] = {}
    both = anyio.Event()

    async def work(name: str) -> None:
        seen[name] = [dict(current_correlation())]
        with correlated(worker_id=name):
            if len(seen) == 2:
                both.set()
            await both.wait()  # both tasks hold their own ids at the same time
            seen[name].append(dict(current_correlation()))
        seen[name].append(dict(current_correlation()))

    with correlated(path="shop", worker_id="parent"):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work, "w1")
            tasks.start_soon(work, "w2")
        assert current_correlation() == {"path": "shop", "worker_id": "parent"}
    outside = {"path": "shop", "worker_id": "parent"}
    assert seen == {name: [outside, {"path": "shop", "worker_id": name}, outside] for name in ("w1", "w2")}


async def test_a_cancelled_block_is_restored() -> None:
    after: list[dict[str, str]] = []

    async def work() -> None:
        try:
            with correlated(worker_id="w1"):
                await asyncio.Event().wait()
        finally:
            after.append(dict(current_correlation()))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert after == [{}]


def test_a_copy_of_the_ids_does_not_change_with_them() -> None:
    with correlated(worker_id="w1"):
        copied = current_correlation()
    assert copied == {"worker_id": "w1"}


def test_bound_ids_reach_every_event_and_those_of_the_call_go_before_them() -> None:
    sink = ListSink()
    telemetry = Telemetry(sink, run_id="run-1")
    with correlated(worker_id="w1", spin_id="s1"):
        telemetry.log.info("phase.completed", outcome="completed")
        telemetry.log.info("worker.replaced", worker_id="w2")
    lines = [line.decode() for _, line in sink.lines]
    assert '"worker_id":"w1","spin_id":"s1"' in lines[0]
    assert '"worker_id":"w2","spin_id":"s1"' in lines[1]


def test_trace_and_span_ids_have_the_shape_of_w3c_trace_context() -> None:
    for make, digits in ((new_trace_id, 32), (new_span_id, 16)):
        made = {make() for _ in range(200)}
        assert len(made) == 200
        assert all(len(text) == digits and set(text) <= set("0123456789abcdef") and int(text, 16) for text in made)

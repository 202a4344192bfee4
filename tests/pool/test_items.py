from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.basics.transitions import InvalidTransitionError
from harness.pool.items import WorkItem, WorkQueue
from harness.pool.states import ItemState
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink


@pytest.fixture
async def queue(world: Any) -> WorkQueue:
    return world.queue


async def taken(queue: WorkQueue, worker_id: str = "w1") -> WorkItem:
    """Claim, where something must be there."""
    item = await queue.claim(worker_id)
    assert item is not None
    return item


async def test_a_higher_priority_is_claimed_first_and_equal_ones_in_order(queue: WorkQueue) -> None:
    for path, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 5)):
        queue.add(WorkItem(path, priority=priority))
    assert [(await taken(queue)).path for _ in range(4)] == ["b", "d", "a", "c"]


async def test_claiming_counts_the_attempt_and_names_the_worker(queue: WorkQueue) -> None:
    queue.add(WorkItem("a", attempts=2))
    item = await taken(queue, "w7")
    assert (item.attempt, item.claimed_by, item.state, item.has_attempts) == (1, "w7", ItemState.CLAIMED, True)


async def test_many_claimers_at_once_claim_every_item_once(queue: WorkQueue) -> None:
    items = [WorkItem(f"p{number}", priority=number % 3) for number in range(500)]
    for item in items:
        queue.add(item)
    claimed: Counter[str] = Counter()

    async def work(worker_id: str) -> None:
        while (item := await queue.claim(worker_id)) is not None:
            claimed[item.id] += 1
            await anyio.lowlevel.checkpoint()
            assert item.claimed_by == worker_id
            queue.settle(item, ItemState.DONE, "completed")

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(work, f"w{number}")
    assert claimed == {item.id: 1 for item in items}
    assert not queue.has_work


async def test_an_item_put_back_is_claimed_again_with_its_next_attempt(queue: WorkQueue) -> None:
    queue.add(WorkItem("a", attempts=2))
    item = await taken(queue)
    queue.settle(item, ItemState.QUEUED, "net_error")
    again = await taken(queue, "w2")
    assert (again, again.attempt, again.has_attempts, again.claimed_by) == (item, 2, False, "w2")


async def test_an_item_put_back_goes_behind_those_that_wait(queue: WorkQueue) -> None:
    for path in ("a", "b"):
        queue.add(WorkItem(path, attempts=2))
    queue.settle(await taken(queue), ItemState.QUEUED, "net_error")
    assert [(await taken(queue)).path for _ in range(2)] == ["b", "a"]


async def test_an_item_cannot_be_settled_twice(queue: WorkQueue) -> None:
    queue.add(WorkItem("a"))
    item = await taken(queue)
    queue.settle(item, ItemState.DONE, "completed")
    with pytest.raises(InvalidTransitionError):
        queue.settle(item, ItemState.QUEUED, "net_error")
    assert await queue.claim("w1") is None


async def test_what_a_dead_worker_had_goes_back_or_fails_and_others_keep_theirs(queue: WorkQueue) -> None:
    for path, attempts in (("again", 2), ("last", 1), ("other", 2)):
        queue.add(WorkItem(path, attempts=attempts))
    again, last, other = await taken(queue, "w1"), await taken(queue, "w1"), await taken(queue, "w2")
    assert queue.give_back("w1") == [again, last]
    assert (again.state, last.state, other.state) == (ItemState.QUEUED, ItemState.FAILED, ItemState.CLAIMED)
    assert queue.give_back("w1") == []
    assert await taken(queue, "w3") is again


async def test_two_items_of_one_key_are_never_queued_together(queue: WorkQueue) -> None:
    assert queue.add(WorkItem("a", key="k"))
    assert not queue.add(WorkItem("a", key="k"))
    item = await taken(queue)
    assert not queue.add(WorkItem("a", key="k")), "it is claimed, and may come back"
    queue.settle(item, ItemState.DONE, "completed")
    assert queue.add(WorkItem("a", key="k"))


async def test_a_key_stays_taken_while_its_item_is_put_back(queue: WorkQueue) -> None:
    queue.add(WorkItem("a", key="k", attempts=2))
    queue.settle(await taken(queue), ItemState.QUEUED, "net_error")
    assert not queue.add(WorkItem("a", key="k"))


async def test_items_without_a_key_do_not_hinder_each_other(queue: WorkQueue) -> None:
    assert all(queue.add(WorkItem("a")) for _ in range(3))


async def test_waiting_claimers_wake_up_when_an_item_comes(queue: WorkQueue) -> None:
    queue.add(WorkItem("a", attempts=2))
    item = await taken(queue)
    waiters = [asyncio.create_task(queue.claim(f"w{number}")) for number in range(3)]
    await anyio.wait_all_tasks_blocked()
    queue.settle(item, ItemState.QUEUED, "net_error")
    await anyio.wait_all_tasks_blocked()
    assert [waiter.done() for waiter in waiters] == [True, False, False]
    queue.settle(item, ItemState.FAILED, "net_error")
    assert [await waiter for waiter in waiters] == [item, None, None]


async def test_a_claimer_waits_while_another_worker_has_an_item_that_may_come_back(queue: WorkQueue) -> None:
    queue.add(WorkItem("a"))
    item = await taken(queue)
    waiter = asyncio.create_task(queue.claim("w2"))
    await anyio.wait_all_tasks_blocked()
    assert not waiter.done()
    queue.settle(item, ItemState.DONE, "completed")
    assert await waiter is None


async def test_a_claimer_that_is_cancelled_takes_nothing_with_it(queue: WorkQueue) -> None:
    queue.add(WorkItem("a", attempts=2))
    item = await taken(queue)
    waiter = asyncio.create_task(queue.claim("w2"))
    await anyio.wait_all_tasks_blocked()
    queue.settle(item, ItemState.QUEUED, "net_error")
    waiter.cancel()
    await asyncio.wait([waiter])
    assert await taken(queue, "w3") is item


async def test_closing_cancels_what_was_never_claimed_and_sends_everybody_home(queue: WorkQueue, world: Any) -> None:
    queue.add(WorkItem("claimed", attempts=2, priority=1))
    queue.add(WorkItem("waiting", key="k"))
    item = await taken(queue)
    queue.close()
    assert await queue.claim("w2") is None
    cancelled = [event["path"] for event in world.events("item.state") if event["to_state"] == "cancelled"]
    assert cancelled == ["waiting"]
    queue.settle(item, ItemState.QUEUED, "net_error")
    assert item.state is ItemState.CANCELLED
    assert "its next attempt" in world.events("item.state")[-1]["reason"]
    assert not queue.has_work


async def test_closing_wakes_who_waits(queue: WorkQueue) -> None:
    queue.add(WorkItem("a"))
    await taken(queue)
    waiter = asyncio.create_task(queue.claim("w2"))
    await anyio.wait_all_tasks_blocked()
    queue.close()
    assert await waiter is None


async def test_nothing_is_queued_after_the_close(queue: WorkQueue) -> None:
    queue.close()
    late = WorkItem("late")
    assert not queue.add(late)
    queue.close()
    assert not queue.has_work
    assert await queue.claim("w1") is None


async def test_a_source_is_asked_only_when_the_queue_is_empty(world: Any) -> None:
    made = itertools.count()
    world.feed(lambda: WorkItem(f"made{next(made)}"))
    world.queue.add(WorkItem("given"))
    assert [(await taken(world.queue)).path for _ in range(3)] == ["given", "made0", "made1"]


async def test_a_source_that_has_ended_ends_the_work(world: Any) -> None:
    items = [WorkItem("only")]
    world.feed(lambda: items.pop() if items else None)
    world.queue.settle(await taken(world.queue), ItemState.DONE, "completed")
    assert await world.queue.claim("w1") is None


@given(st.lists(st.tuples(st.sampled_from(["add", "claim", "done", "back", "die"]), st.integers(0, 3))))
def test_no_item_is_ever_lost_or_claimed_by_two(steps: list[tuple[str, int]]) -> None:
    async def play() -> None:
        queue = WorkQueue(Telemetry(ListSink(), run_id="run-test").log)
        items: list[WorkItem] = []
        held: dict[str, list[WorkItem]] = {f"w{number}": [] for number in range(4)}
        for action, number in steps:
            worker = f"w{number}"
            match action:
                case "add":
                    items.append(WorkItem("a", priority=number, attempts=2))
                    queue.add(items[-1])
                case "claim" if any(item.state is ItemState.QUEUED for item in items):
                    item = await taken(queue, worker)
                    assert all(item not in others for others in held.values())
                    held[worker].append(item)
                case "done" if held[worker]:
                    queue.settle(held[worker].pop(), ItemState.DONE, "completed")
                case "back" if held[worker]:
                    item = held[worker].pop()
                    queue.settle(item, ItemState.QUEUED if item.has_attempts else ItemState.FAILED, "net_error")
                case "die":
                    assert queue.give_back(worker) == held[worker]
                    held[worker] = []
            claimed = [item for mine in held.values() for item in mine]
            assert sorted(map(id, queue.claimed())) == sorted(map(id, claimed))
            assert {item.state for item in claimed} <= {ItemState.CLAIMED}
            assert queue.has_work == any(item.state in {ItemState.QUEUED, ItemState.CLAIMED} for item in items)
        queue.close()
        for worker in held:
            queue.give_back(worker)
        assert all(item.state not in {ItemState.QUEUED, ItemState.CLAIMED} for item in items)

    asyncio.run(play())

from __future__ import annotations

import asyncio
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.basics.clock import FakeClock
from harness.coordination.errors import (
    InvalidOwnershipTransitionError,
    LeaseLostError,
    LockTimeoutError,
    OwnershipViolationError,
)
from harness.coordination.leases import Coordinator, Lease
from harness.coordination.ownership import Binding, Epoch
from harness.telemetry.correlation import correlated, current_correlation
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink

SCOPE = "session:t1"
OTHER = "session:t2"
LONG_S = 60.0


def by(owner: str, browser: str = "b1") -> Binding:
    return Binding(owner, "test", browser_id=browser)


async def holder(coordinator: Coordinator, scope: str = SCOPE, owner: str = "w1", **more: Any) -> Lease:
    return await coordinator.acquire(scope, by(owner), timeout_s=LONG_S, **more)


def waiting(coordinator: Coordinator, owner: str, scope: str = SCOPE, timeout_s: float = LONG_S) -> asyncio.Task[Lease]:
    return asyncio.create_task(coordinator.acquire(scope, by(owner), timeout_s=timeout_s), name=owner)


async def ended(task: asyncio.Task[Any]) -> BaseException | None:
    """What the task ended with."""
    await asyncio.wait([task])
    return asyncio.CancelledError() if task.cancelled() else task.exception()


def sound(coordinator: Coordinator) -> None:
    """Every grant came to one end or is open, nothing is open, and nobody waits."""
    counts = coordinator.counts
    still_open = len(list(coordinator.table.owned()))
    assert counts.granted == counts.released + counts.revoked + counts.expired + still_open
    assert still_open == 0
    assert coordinator._queues == {}
    assert coordinator._timers == {}


# --- taking and waiting


async def test_a_free_scope_is_granted_at_once_without_a_contention_event(
    coordinator: Coordinator, events: Any
) -> None:
    lease = await holder(coordinator)
    assert lease.epoch == Epoch(1, 1)
    coordinator.check(SCOPE, [lease], "Page.navigate")
    assert events.order() == ["lease.granted"]
    coordinator.release(lease)
    sound(coordinator)


async def test_a_lease_knows_its_run_and_when_it_was_acquired(coordinator: Coordinator, clock: FakeClock) -> None:
    clock.advance(3)
    lease = await holder(coordinator)
    assert (lease.binding.run_id, lease.binding.acquired_ns) == ("run-test", 3_000_000_000)
    coordinator.release(lease)


async def test_waiters_are_served_in_the_order_in_which_they_came(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    served: list[str] = []

    async def work(owner: str) -> None:
        async with coordinator.holding(SCOPE, by(owner), timeout_s=LONG_S):
            served.append(owner)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(work, f"w{number}")
            await anyio.wait_all_tasks_blocked()
        coordinator.release(lease)
    assert served == [f"w{number}" for number in range(10)]
    sound(coordinator)


async def test_nobody_barges_in_between_a_release_and_the_next_in_the_queue(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    first = waiting(coordinator, "first")
    await anyio.wait_all_tasks_blocked()
    coordinator.release(lease)
    late = waiting(coordinator, "late")  # asks before `first` had a chance to run
    await anyio.wait_all_tasks_blocked()
    assert first.done()
    assert not late.done()
    coordinator.release(first.result())
    coordinator.release(await late)
    sound(coordinator)


async def test_a_waiter_that_is_cancelled_leaves_the_queue_and_wakes_nobody(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    first, second, third = (waiting(coordinator, name) for name in ("first", "second", "third"))
    await anyio.wait_all_tasks_blocked()
    second.cancel()
    assert isinstance(await ended(second), asyncio.CancelledError)
    assert not first.done()
    assert not third.done()
    coordinator.release(lease)
    coordinator.release(await first)
    coordinator.release(await third)
    sound(coordinator)


async def test_a_waiter_cancelled_just_before_the_release_is_passed_over(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    first, second = waiting(coordinator, "first"), waiting(coordinator, "second")
    await anyio.wait_all_tasks_blocked()
    first.cancel()
    coordinator.release(lease)  # in the same moment: `first` still stands in the queue
    assert isinstance(await ended(first), asyncio.CancelledError)
    coordinator.release(await second)
    sound(coordinator)


async def test_a_waiter_cancelled_in_the_moment_of_its_grant_hands_on(coordinator: Coordinator, events: Any) -> None:
    lease = await holder(coordinator)
    first, second = waiting(coordinator, "first"), waiting(coordinator, "second")
    await anyio.wait_all_tasks_blocked()
    coordinator.release(lease)
    first.cancel()  # it was given the scope already, and does not know
    assert isinstance(await ended(first), asyncio.CancelledError)
    coordinator.release(await second)
    owners = [event["owner"] for event in events.named("lease.granted")]
    assert owners == ["w1", "first", "second"]
    assert events.named("lease.released")[1]["reason"] == "the waiter had gone"
    sound(coordinator)


async def test_the_last_waiter_cancelled_in_the_moment_of_its_grant_frees_the_scope(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    only = waiting(coordinator, "only")
    await anyio.wait_all_tasks_blocked()
    coordinator.release(lease)
    only.cancel()
    await ended(only)
    sound(coordinator)
    coordinator.release(await holder(coordinator))


async def test_a_grant_that_is_revoked_before_its_waiter_wakes_is_void(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    waiter = waiting(coordinator, "w2")
    await anyio.wait_all_tasks_blocked()
    coordinator.release(lease)
    coordinator.revoke(SCOPE, "test")
    with pytest.raises(LeaseLostError):
        coordinator.check(SCOPE, [await waiter], "Page.navigate")
    assert not coordinator.release(await waiter)
    sound(coordinator)


async def test_a_waiter_whose_time_is_up_leaves_the_queue_and_is_told_who_holds_the_scope(
    coordinator: Coordinator, events: Any
) -> None:
    lease = await holder(coordinator)
    ahead = waiting(coordinator, "ahead")
    await anyio.wait_all_tasks_blocked()
    with pytest.raises(LockTimeoutError) as caught:
        await coordinator.acquire(SCOPE, by("w2"), timeout_s=0.01)
    assert caught.value.why == "it is held by w1; 1 were ahead in the queue"
    assert [event["outcome"] for event in events.named("lock.contended")] == ["timeout"]
    coordinator.release(lease)
    coordinator.release(await ahead)
    assert coordinator.contention.of("session").timeouts == 1
    sound(coordinator)


async def test_a_waiter_whose_time_is_up_in_the_moment_of_its_grant_hands_on(coordinator: Coordinator) -> None:
    lease = await holder(coordinator)
    first, second = waiting(coordinator, "first", timeout_s=0), waiting(coordinator, "second")
    # In one turn of the loop both begin to wait, and the scope is released; the deadline of `first` is due in the next.
    asyncio.get_running_loop().call_soon(coordinator.release, lease)
    error = await ended(first)
    assert isinstance(error, LockTimeoutError)
    assert "held by second" in error.why
    coordinator.release(await second)
    sound(coordinator)


async def test_a_contended_wait_is_told_with_its_length_and_outcome(
    coordinator: Coordinator, clock: FakeClock, events: Any
) -> None:
    lease = await holder(coordinator)
    waiter = waiting(coordinator, "w2")
    await anyio.wait_all_tasks_blocked()
    clock.advance(0.25)
    coordinator.release(lease)
    coordinator.release(await waiter)
    (event,) = events.named("lock.contended")
    assert (event["wait_ms"], event["queue"], event["outcome"], event["scope_kind"]) == (250.0, 0, "granted", "session")


async def test_a_lease_is_given_back_when_its_block_fails(coordinator: Coordinator) -> None:
    with pytest.raises(ValueError, match="inside"):
        async with coordinator.holding(SCOPE, by("w1"), timeout_s=LONG_S):
            raise ValueError("inside")
    sound(coordinator)


# --- several at once


async def test_several_scopes_are_taken_in_the_global_order(coordinator: Coordinator, events: Any) -> None:
    leases = await coordinator.acquire_all(["clipboard:b1", SCOPE, "credential:shop/alice"], by("w1"), timeout_s=LONG_S)
    expected = ["credential:shop/alice", SCOPE, "clipboard:b1"]
    assert [lease.scope for lease in leases] == expected
    assert [event["scope"] for event in events.named("lease.granted")] == expected
    for lease in leases:
        coordinator.release(lease)
    sound(coordinator)


async def test_two_takers_of_the_same_scopes_in_opposite_order_both_get_them(coordinator: Coordinator) -> None:
    scopes = [SCOPE, OTHER, "clipboard:b1"]

    async def take(owner: str, wanted: list[str]) -> None:
        for _ in range(20):
            leases = await coordinator.acquire_all(wanted, by(owner), timeout_s=LONG_S)
            await anyio.lowlevel.checkpoint()
            for lease in leases:
                coordinator.release(lease)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take, "w1", scopes)
        tasks.start_soon(take, "w2", scopes[::-1])
    sound(coordinator)


async def test_when_one_of_several_is_not_free_none_is_kept_and_it_is_named(
    coordinator: Coordinator, events: Any
) -> None:
    lease = await holder(coordinator, OTHER)
    with pytest.raises(LockTimeoutError) as caught:
        await coordinator.acquire_all([SCOPE, OTHER], by("w2"), timeout_s=0.01)
    assert OTHER in caught.value.what
    assert "held by w1" in caught.value.why
    assert events.named("lock.contended")[0]["outcome"] == "timeout"
    assert [scope for scope, _ in coordinator.table.owned()] == [OTHER]
    coordinator.release(lease)
    sound(coordinator)


async def test_the_time_for_several_scopes_is_one_time_for_all(coordinator: Coordinator) -> None:
    """A taker that waited for the first scope has only the rest of its time for the second."""
    first, second = await holder(coordinator, SCOPE), await holder(coordinator, OTHER)
    loop = asyncio.get_running_loop()
    loop.call_later(0.02, coordinator.release, first)
    started_s = loop.time()
    with pytest.raises(LockTimeoutError, match=OTHER):
        await coordinator.acquire_all([SCOPE, OTHER], by("w2"), timeout_s=0.2)
    assert loop.time() - started_s >= 0.2
    coordinator.release(second)
    sound(coordinator)


async def test_cancelling_who_takes_several_keeps_none(coordinator: Coordinator) -> None:
    lease = await holder(coordinator, OTHER)
    task = asyncio.create_task(coordinator.acquire_all([SCOPE, OTHER], by("w2"), timeout_s=LONG_S))
    await anyio.wait_all_tasks_blocked()
    assert coordinator.table.entry(SCOPE).binding is not None
    task.cancel()
    assert isinstance(await ended(task), asyncio.CancelledError)
    coordinator.release(lease)
    sound(coordinator)


# --- losing a lease


async def test_a_revoked_lease_is_refused_with_an_audit_event_that_names_both_owners(
    coordinator: Coordinator, events: Any
) -> None:
    old = await holder(coordinator)
    coordinator.revoke(SCOPE, "test")
    new = await holder(coordinator, owner="w2")
    assert new.epoch > old.epoch
    with pytest.raises(LeaseLostError) as caught:
        coordinator.check(SCOPE, [old], "Input.dispatchKeyEvent")
    assert not caught.value.may_have_happened
    (refused,) = events.named("ownership.refused")
    assert (refused["attempted_by"], refused["owner"], refused["method"]) == ("w1", "w2", "Input.dispatchKeyEvent")
    assert (refused["lease_epoch"], refused["current_epoch"]) == ("1.1", "1.2")
    coordinator.check(SCOPE, [new], "Input.dispatchKeyEvent")
    coordinator.release(new)
    sound(coordinator)


async def test_a_write_without_any_lease_is_a_violation(coordinator: Coordinator, events: Any) -> None:
    lease = await holder(coordinator)
    with pytest.raises(OwnershipViolationError) as caught:
        coordinator.check(SCOPE, [], "Page.navigate")
    assert not isinstance(caught.value, LeaseLostError)
    (refused,) = events.named("ownership.refused")
    assert (refused["attempted_by"], refused["owner"]) == ("nobody", "w1")
    coordinator.release(lease)


async def test_a_lease_of_another_scope_is_no_right_to_this_one_and_its_owner_is_named(
    coordinator: Coordinator, events: Any
) -> None:
    own, foreign = await holder(coordinator), await holder(coordinator, OTHER, "w2")
    with pytest.raises(OwnershipViolationError) as caught:
        coordinator.check(SCOPE, [foreign], "Page.navigate")
    assert not isinstance(caught.value, LeaseLostError)
    (refused,) = events.named("ownership.refused")
    assert (refused["attempted_by"], refused["owner"]) == ("w2", "w1")
    coordinator.release(own)
    coordinator.release(foreign)


async def test_one_void_lease_among_those_shown_refuses_the_write(coordinator: Coordinator) -> None:
    session, credential = await holder(coordinator), await holder(coordinator, "credential:shop/alice")
    coordinator.check(SCOPE, [session, credential], "Page.navigate")
    coordinator.revoke("credential:shop/alice", "test")
    with pytest.raises(LeaseLostError, match=r"Page\.navigate on session:t1"):
        coordinator.check(SCOPE, [session, credential], "Page.navigate")
    coordinator.release(session)


async def test_what_is_shown_beside_leases_counts_for_nothing(coordinator: Coordinator) -> None:
    with pytest.raises(OwnershipViolationError):
        coordinator.check(SCOPE, ["session:t1", None], "Page.navigate")
    assert coordinator.counts.refused == 1


async def test_releasing_a_void_lease_does_nothing_to_the_new_owner(coordinator: Coordinator) -> None:
    old = await holder(coordinator)
    coordinator.revoke(SCOPE, "test")
    new = await holder(coordinator, owner="w2")
    assert not coordinator.release(old)
    coordinator.check(SCOPE, [new], "Page.navigate")
    assert coordinator.release(new)
    assert not coordinator.release(new)
    sound(coordinator)


async def test_revoking_hands_the_scope_to_the_next_in_the_queue(coordinator: Coordinator) -> None:
    await holder(coordinator)
    waiter = waiting(coordinator, "w2")
    await anyio.wait_all_tasks_blocked()
    coordinator.revoke(SCOPE, "test")
    coordinator.check(SCOPE, [await waiter], "Page.navigate")
    coordinator.release(await waiter)
    sound(coordinator)


async def test_revoking_what_is_free_is_refused_and_told(coordinator: Coordinator, events: Any) -> None:
    with pytest.raises(InvalidOwnershipTransitionError):
        coordinator.revoke(SCOPE, "test")
    (event,) = events.named("ownership.invalid_transition")
    assert (event["scope"], event["from_state"], event["to_state"]) == (SCOPE, "unowned", "revoked")


async def test_a_lost_browser_loses_all_that_it_held_and_nothing_else(coordinator: Coordinator, events: Any) -> None:
    mine = [await coordinator.acquire(f"session:t{n}", by("w1", "b1"), timeout_s=LONG_S) for n in range(3)]
    other = await coordinator.acquire("session:t9", by("w2", "b2"), timeout_s=LONG_S)
    next_in_line = asyncio.create_task(coordinator.acquire("session:t1", by("w2", "b2"), timeout_s=LONG_S))
    await anyio.wait_all_tasks_blocked()
    coordinator.revoke_browser("b1", "the socket closed")
    for lease in mine:
        with pytest.raises(LeaseLostError):
            coordinator.check(lease.scope, [lease], "Page.navigate")
    coordinator.check("session:t9", [other], "Page.navigate")
    handed = await next_in_line
    coordinator.check("session:t1", [handed], "Page.navigate")
    assert {event["reason"] for event in events.named("lease.revoked")} == {"connection lost: the socket closed"}
    coordinator.release(other)
    coordinator.release(handed)
    sound(coordinator)


async def test_a_waiter_of_the_lost_browser_itself_is_served_under_a_new_epoch(coordinator: Coordinator) -> None:
    old = await holder(coordinator, "clipboard:b1")
    waiter = waiting(coordinator, "w2", "clipboard:b1")
    await anyio.wait_all_tasks_blocked()
    coordinator.revoke_browser("b1", "cut")
    assert (await waiter).epoch > old.epoch
    coordinator.release(await waiter)
    sound(coordinator)


async def test_a_lease_expires_at_its_deadline_and_goes_to_the_next(coordinator: Coordinator, events: Any) -> None:
    lease = await holder(coordinator, deadline_s=0.01)
    waiter = waiting(coordinator, "w2")
    new = await waiter
    with pytest.raises(LeaseLostError):
        coordinator.check(SCOPE, [lease], "Page.navigate")
    assert coordinator.counts.expired == 1
    assert events.named("lease.expired")[0]["owner"] == "w1"
    coordinator.release(new)
    sound(coordinator)


async def test_a_lease_given_back_in_time_does_not_expire_on_its_successor(coordinator: Coordinator) -> None:
    first = await holder(coordinator, deadline_s=0.01)
    coordinator.release(first)
    second = await holder(coordinator, owner="w2")
    await anyio.sleep(0.03)  # the time under test: the first lease's deadline passes
    coordinator.check(SCOPE, [second], "Page.navigate")
    coordinator.release(second)
    assert coordinator.counts.expired == 0
    sound(coordinator)


async def test_the_deadline_of_a_waiter_counts_from_its_grant(coordinator: Coordinator) -> None:
    first = await holder(coordinator)
    waiter = asyncio.create_task(coordinator.acquire(SCOPE, by("w2"), timeout_s=LONG_S, deadline_s=LONG_S))
    await anyio.wait_all_tasks_blocked()
    assert coordinator._timers == {}
    coordinator.release(first)
    lease = await waiter
    assert list(coordinator._timers) == [lease.epoch]
    coordinator.release(lease)
    sound(coordinator)


# --- the end


async def test_the_end_tells_counts_that_add_up_and_what_is_still_open(
    coordinator: Coordinator, clock: FakeClock, events: Any
) -> None:
    released = await holder(coordinator, "session:a")
    clock.advance(1)
    coordinator.release(released)
    await holder(coordinator, "session:b")
    coordinator.revoke("session:b", "test")
    forgotten = await holder(coordinator, "session:c")
    with pytest.raises(OwnershipViolationError):
        coordinator.check("session:b", [], "Page.navigate")
    assert coordinator.close() == 1
    (closed,) = events.named("leases.closed")
    assert {key: closed[key] for key in ("granted", "released", "revoked", "expired", "refused", "open")} == {
        "granted": 3,
        "released": 1,
        "revoked": 1,
        "expired": 0,
        "refused": 1,
        "open": 1,
    }
    (summary,) = events.named("lock.summary")
    assert (summary["scope_kind"], summary["acquires"], summary["contended"]) == ("session", 3, 0)
    assert 990 < summary["hold_ms_p95"] < 1010
    coordinator.release(forgotten)


# --- under load


async def test_two_owners_race_two_hundred_rounds_and_never_write_at_once(coordinator: Coordinator) -> None:
    writing: list[str] = []
    rounds = {"w1": 0, "w2": 0}

    async def race(owner: str) -> None:
        for _ in range(200):
            async with coordinator.holding(SCOPE, by(owner), timeout_s=LONG_S) as lease:
                coordinator.check(SCOPE, [lease], "Page.navigate")
                writing.append(owner)
                await anyio.lowlevel.checkpoint()
                coordinator.check(SCOPE, [lease], "Page.navigate")
                assert writing == [owner]
                writing.remove(owner)
                rounds[owner] += 1

    async with anyio.create_task_group() as tasks:
        for owner in rounds:
            tasks.start_soon(race, owner)
    assert rounds == {"w1": 200, "w2": 200}
    assert coordinator.counts.granted == coordinator.counts.released == 400
    assert coordinator.counts.refused == 0
    sound(coordinator)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "give", "give", "cancel", "revoke", "lose", "turn", "stale"]),
        st.integers(0, 7),
    ),
    max_size=60,
)


@given(STEPS)
def test_whatever_happens_there_is_one_owner_epochs_grow_and_nothing_leaks(steps: list[tuple[str, int]]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, int]]) -> None:
    coordinator = Coordinator(Telemetry(ListSink(), run_id="run-test").log)
    tasks: list[asyncio.Task[Lease]] = []
    seen: dict[str, Epoch] = {}
    void: list[Lease] = []

    def leases() -> list[Lease]:
        done = [task for task in tasks if task.done() and not task.cancelled() and task.exception() is None]
        return [task.result() for task in done]

    for action, number in steps:
        scope = f"session:{number % 2}"
        match action:
            case "take":
                binding = by(f"w{len(tasks)}", f"b{number % 2}")
                tasks.append(asyncio.create_task(coordinator.acquire(scope, binding, timeout_s=LONG_S)))
            case "give":
                for lease in leases()[number : number + 1]:
                    coordinator.release(lease)
            case "cancel":
                for task in tasks[number : number + 1]:
                    task.cancel()
            case "revoke" if coordinator.table.entry(scope).binding is not None:
                coordinator.revoke(scope, "test")
            case "lose":
                coordinator.revoke_browser(f"b{number % 2}", "test")
            case "turn":
                await asyncio.sleep(0)
            case "stale":
                for lease in void:
                    with pytest.raises(LeaseLostError):
                        coordinator.check(lease.scope, [lease], "Page.navigate")
        accepted: dict[str, Lease] = {}
        for lease in leases():
            if coordinator.table.is_current(lease.scope, lease.epoch):
                assert lease.scope not in accepted, "two owners of one scope"
                assert lease not in void, "an epoch came back to life"
                accepted[lease.scope] = lease
                coordinator.check(lease.scope, [lease], "Page.navigate")
            elif lease not in void:
                void.append(lease)
        for owned, entry in coordinator.table.owned():
            assert entry.epoch is not None
            assert entry.epoch >= seen.get(owned, Epoch(0, 0))
            seen[owned] = entry.epoch
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for lease in leases():
        coordinator.release(lease)
    sound(coordinator)


async def test_a_lease_that_another_hands_over_or_revokes_is_told_in_its_owners_chain(
    coordinator: Coordinator, events: Any
) -> None:
    async def want(name: str) -> Lease:
        with correlated(worker_id=name, spin_id=f"spin-{name}"):
            binding = Binding(owner=name, reason="test", browser_id="b1", correlation=current_correlation())
            return await coordinator.acquire("credential:s/a", binding, timeout_s=5)

    first = await want("w1")
    second = asyncio.create_task(want("w2"))
    await anyio.wait_all_tasks_blocked()
    with correlated(worker_id="w1", spin_id="spin-w1", phase="Logout"):
        coordinator.release(first)
    await second
    coordinator.revoke_browser("b1", "cut")
    told = [msgspec.json.decode(line) for _, line in events.sink.lines]
    of_w2 = [line for line in told if line["fields"].get("owner") == "w2"]
    assert [line["event"] for line in of_w2] == ["lease.granted", "lease.revoked"]
    assert {(line["worker_id"], line["spin_id"], line.get("phase", "")) for line in of_w2} == {("w2", "spin-w2", "")}

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from harness.cdp.errors import ConnectFailedError
from harness.cdp.reconnect import BrowserGoneError, Reconnector, ReconnectPolicy
from harness.cdp.reconnect_coordinator import ReconnectCoordinator
from harness.cdp.transport import Transport
from harness.testing.fake_transport import FakeTransport


class Waits:
    """Notes each wait instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def _reconnector(
    events, sleep: Callable[[float], Awaitable[None]], policy: ReconnectPolicy, *, cohort_index: int = 0
) -> Reconnector:
    return Reconnector(
        policy,
        browser_id="b1",
        cohort="c1",
        cohort_index=cohort_index,
        cohorts=2,
        log=events.log,
        rng=random.Random(7),
        sleep=sleep,
    )


def _endpoint(*outcomes: Exception | Transport) -> Callable[[], Awaitable[Transport]]:
    """Gives these outcomes in order; the last one for ever."""
    left = list(outcomes)

    async def connect() -> Transport:
        outcome = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return connect


REFUSED = ConnectFailedError("refused", why="nobody listens")


async def test_it_tries_again_until_the_endpoint_answers_and_tells_each_decision(events) -> None:
    waits, transport = Waits(), FakeTransport()
    reconnector = _reconnector(events, waits, ReconnectPolicy(stagger_window_s=0.0))
    assert await reconnector.reconnect(_endpoint(REFUSED, REFUSED, transport), "connection_lost") == (transport, 3)
    decisions = [event["fields"] for event in events.all("reconnect.decision")]
    assert [d["outcome"] for d in decisions] == ["first wait", "retry", "retry", "connected"]
    assert [d["attempt"] for d in decisions] == [0, 1, 2, 3]
    assert [d["wait_s"] for d in decisions[:3]] == [round(wait, 4) for wait in waits.seconds]
    assert "nobody listens" in decisions[1]["detail"]


async def test_it_gives_up_after_the_attempts_with_the_last_reason(events) -> None:
    waits = Waits()
    reconnector = _reconnector(events, waits, ReconnectPolicy(attempts=4, cap_s=0.3))
    with pytest.raises(ConnectFailedError, match="nobody listens"):
        await reconnector.reconnect(_endpoint(REFUSED), "connection_lost")
    assert len(waits.seconds) == 4  # the first wait, and one between each two attempts
    assert all(0.0 <= wait <= 0.3 for wait in waits.seconds[1:])
    assert events.all("reconnect.decision")[-1]["fields"]["outcome"] == "gave up"


async def test_a_dead_browser_is_not_tried_again(events) -> None:
    waits = Waits()
    with pytest.raises(BrowserGoneError):
        await _reconnector(events, waits, ReconnectPolicy()).reconnect(
            _endpoint(REFUSED, BrowserGoneError("process 7 is gone"), REFUSED), "connection_lost"
        )
    assert len(waits.seconds) == 2
    assert events.all("reconnect.decision")[-1]["fields"]["outcome"] == "browser gone"


async def test_cohorts_do_not_start_together(events) -> None:
    first_waits = []
    for index in (0, 1):
        waits = Waits()
        reconnector = _reconnector(events, waits, ReconnectPolicy(stagger_window_s=10.0), cohort_index=index)
        await reconnector.reconnect(_endpoint(FakeTransport()), "connection_lost")
        first_waits.append(waits.seconds[0])
    assert first_waits[0] < 1.0 < 5.0 <= first_waits[1] < 6.0


async def test_a_second_reconnect_does_not_start_from_the_last_waits_of_the_first(events) -> None:
    waits = Waits()
    policy = ReconnectPolicy(jitter="decorrelated", base_s=0.1, cap_s=1000.0, attempts=12)
    reconnector = _reconnector(events, waits, policy)
    with pytest.raises(ConnectFailedError):
        await reconnector.reconnect(_endpoint(REFUSED), "connection_lost")
    before = len(waits.seconds)
    with pytest.raises(ConnectFailedError):
        await reconnector.reconnect(_endpoint(REFUSED), "connection_lost")
    assert waits.seconds[before + 1] <= 0.3  # at most three times the base


async def test_cancelling_it_ends_it_in_a_wait_and_in_an_attempt(events) -> None:
    async def never(_seconds: float = 0.0) -> Transport:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def no_wait(_seconds: float) -> None:
        await asyncio.sleep(0)

    for sleep, connect in ((never, _endpoint(REFUSED)), (no_wait, never)):
        entered = asyncio.Event()
        reconnector = _reconnector(events, sleep, ReconnectPolicy(stagger_window_s=0.0))
        task = asyncio.create_task(reconnector.reconnect(connect, "connection_lost"))
        await entered.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_with_a_coordinator_the_gate_decides_and_each_leave_is_told(events) -> None:
    waits = Waits()
    policy = ReconnectPolicy(base_s=0.001)
    rng = random.Random(7)
    coordinator = ReconnectCoordinator(policy, log=events.log, rng=rng)
    reconnector = Reconnector(
        policy,
        browser_id="b1",
        cohort="c1",
        cohort_index=1,
        cohorts=2,
        log=events.log,
        rng=rng,
        coordinator=coordinator,
        sleep=waits,
    )
    transport = FakeTransport()
    assert await reconnector.reconnect(_endpoint(REFUSED, transport), "connection_lost", "h:1") == (transport, 2)
    assert waits.seconds == [0.0, 0.0]
    decisions = [event["fields"] for event in events.all("reconnect.decision")]
    assert [d["outcome"] for d in decisions] == ["first wait", "admitted", "retry", "admitted", "connected"]
    assert {d["endpoint"] for d in decisions} == {"h:1"}
    assert {d["scheme"] for d in decisions} == {"per-host"}
    assert [d["role"] for d in decisions if d["outcome"] == "admitted"] == ["probe", "probe"]
    assert all(d["wait_s"] > 0 for d in decisions if d["outcome"] == "admitted")
    assert coordinator.waiting == 0


async def test_waiting_for_ones_turn_has_a_deadline_too(events) -> None:
    policy = ReconnectPolicy(give_up_s=0.01)
    rng = random.Random(7)
    coordinator = ReconnectCoordinator(policy, log=events.log, rng=rng)
    async with coordinator.admission("h:1"):  # another one probes, and does not end
        reconnector = Reconnector(
            policy, browser_id="b1", cohort="c1", cohort_index=0, cohorts=1, log=events.log, rng=rng,
            coordinator=coordinator,
        )  # fmt: skip
        with pytest.raises(ConnectFailedError, match=r"0\.01 s are spent"):
            await reconnector.reconnect(_endpoint(FakeTransport()), "connection_lost", "h:1")
    assert events.all("reconnect.decision")[-1]["fields"]["outcome"] == "gave up"
    assert coordinator.waiting == 0


async def test_slots_go_by_the_time_of_day(events) -> None:
    waits = Waits()
    policy = ReconnectPolicy(scheme="cohort-slots", slot_s=0.5, cap_s=5.0)
    reconnector = Reconnector(
        policy, browser_id="b1", cohort="c1", cohort_index=3, cohorts=4, log=events.log, rng=random.Random(7),
        sleep=waits, wall_s=lambda: 100.0,
    )  # fmt: skip
    await reconnector.reconnect(_endpoint(FakeTransport()), "connection_lost")
    assert 1.5 <= waits.seconds[0] <= 2.0

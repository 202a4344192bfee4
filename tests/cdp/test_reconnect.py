from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from harness.cdp.errors import ConnectFailedError
from harness.cdp.reconnect import BrowserGoneError, Reconnector, ReconnectPolicy
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

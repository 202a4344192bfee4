from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable

import pytest

from harness.cdp.errors import ConnectFailedError
from harness.cdp.reconnect_coordinator import ReconnectCoordinator, endpoint_of
from harness.cdp.reconnecting.policy import ReconnectPolicy


class FakeTimer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class FakeTime:
    """A loop's time that moves to the next timer when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[tuple[float, int, FakeTimer, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def call_at(self, when: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer()
        heapq.heappush(self.timers, (when, len(self.timers), timer, callback))
        return timer

    @property
    def pending(self) -> int:
        return sum(not timer.cancelled for _, _, timer, _ in self.timers)

    async def next(self) -> None:
        """Let everybody run, then fire the next timer, and let everybody run."""
        await settle()
        while self.timers:
            when, _, timer, callback = heapq.heappop(self.timers)
            if not timer.cancelled:
                self.now_s = max(self.now_s, when)
                callback()
                break
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def coordinator(events, time: FakeTime) -> ReconnectCoordinator:
    return ReconnectCoordinator(ReconnectPolicy(), log=events.log, rng=random.Random(1), loop=lambda: time)


class Client:
    """Asks for one admission; `finish` ends its attempt, with an error or without."""

    def __init__(self, coordinator: ReconnectCoordinator, endpoint: str = "s:1") -> None:
        self.role = ""
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run(coordinator, endpoint))

    async def _run(self, coordinator: ReconnectCoordinator, endpoint: str) -> None:
        async with coordinator.admission(endpoint) as self.role:
            await self._end

    async def finish(self, error: Exception | None = None) -> None:
        if error is None:
            self._end.set_result(None)
        else:
            self._end.set_exception(error)
        await asyncio.wait([self.task])
        assert self.task.exception() is error

    async def cancel(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        assert self.task.cancelled()


async def test_one_probes_and_the_others_are_released_one_by_one_when_it_succeeds(
    coordinator: ReconnectCoordinator, time: FakeTime
) -> None:
    clients = [Client(coordinator) for _ in range(3)]
    await time.next()
    assert [client.role for client in clients] == ["probe", "", ""]
    await time.next()
    assert [client.role for client in clients] == ["probe", "", ""]
    await clients[0].finish()
    released_s = []
    for client in clients[1:]:
        await time.next()
        released_s.append(time.now_s)
        assert client.role == "release"
        await client.finish()
    assert 0.015 <= released_s[1] - released_s[0] <= 0.025
    assert (coordinator.waiting, time.pending) == (0, 0)


async def test_a_failed_probe_lets_the_next_one_probe(coordinator: ReconnectCoordinator, time: FakeTime) -> None:
    first, second = Client(coordinator), Client(coordinator)
    await time.next()
    await first.finish(ConnectFailedError("refused", why="nobody listens"))
    await time.next()
    assert second.role == "probe"
    await second.finish()


async def test_an_error_that_says_nothing_of_the_endpoint_is_not_held_against_it(
    coordinator: ReconnectCoordinator, time: FakeTime
) -> None:
    first, second = Client(coordinator), Client(coordinator)
    await time.next()
    before_s = time.now_s
    await first.finish(RuntimeError("the browser is gone"))
    await time.next()
    assert second.role == "probe"
    assert time.now_s - before_s < 0.03  # the pace alone
    await second.finish()


async def test_cancelling_a_waiter_or_a_probe_leaves_nothing_behind_and_nobody_stuck(
    coordinator: ReconnectCoordinator, time: FakeTime
) -> None:
    clients = [Client(coordinator) for _ in range(4)]
    await time.next()
    await clients[1].cancel()
    await clients[0].cancel()
    await time.next()
    assert [client.role for client in clients] == ["probe", "", "probe", ""]
    await clients[2].finish()
    await time.next()
    await clients[3].finish()
    assert (coordinator.waiting, time.pending) == (0, 0)


async def test_who_is_cancelled_in_the_very_step_in_which_it_is_let_through_hands_its_turn_on(
    coordinator: ReconnectCoordinator, time: FakeTime
) -> None:
    for cancel_first in (True, False):
        first, second = Client(coordinator), Client(coordinator)
        await settle()
        when, _, _, pump = next(timer for timer in sorted(time.timers) if not timer[2].cancelled)
        time.now_s = max(time.now_s, when)
        steps: list[Callable[[], object]] = [first.task.cancel, pump]
        for step in steps if cancel_first else reversed(steps):
            step()
        await asyncio.wait([first.task])
        assert first.task.cancelled()
        await time.next()
        assert second.role == "probe"
        await second.finish()
        assert coordinator.waiting == 0


async def test_each_move_of_a_gate_is_an_event(coordinator: ReconnectCoordinator, time: FakeTime, events) -> None:
    client = Client(coordinator)
    await time.next()
    await client.finish()
    told = [event["fields"] for event in events.all("reconnect.gate")]
    assert [row["to_state"] for row in told] == ["open", "half_open", "releasing", "closed"]
    assert {row["endpoint"] for row in told} == {"s:1"}


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("ws://127.0.0.1:4711/devtools/browser/x", "127.0.0.1:4711"),
        ("wss://gateway.example/session?token=x", "gateway.example:443"),
        ("ws://gateway.example", "gateway.example:80"),
    ],
)
def test_an_endpoint_is_host_and_port(url: str, endpoint: str) -> None:
    assert endpoint_of(url) == endpoint

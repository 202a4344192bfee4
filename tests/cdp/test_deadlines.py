"""Deadlines on the loop's own clock, which the test moves: the deadlines' loop is a double that holds one timer."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from harness.cdp import deadlines
from harness.cdp.deadlines import Deadlines


class Clock:
    """A loop of which only the time and the timers are needed."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def call_at(self, when_s: float, call: Callable[[], None]) -> SimpleNamespace:
        timer = (when_s, call)
        self.timers.append(timer)
        return SimpleNamespace(cancel=lambda: self.timers.remove(timer) if timer in self.timers else None)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> SimpleNamespace:
        return self.call_at(self.now_s + delay_s, call)

    def move_to(self, now_s: float) -> None:
        """Let time pass, and fire what is due when the loop gets to it."""
        self.now_s = now_s
        for timer in [timer for timer in self.timers if timer[0] <= now_s]:
            self.timers.remove(timer)
            timer[1]()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(deadlines.asyncio, "get_running_loop", lambda: clock)
    return clock


def commands(*due_s: float) -> list[SimpleNamespace]:
    return [SimpleNamespace(due_s=due) for due in due_s]


def test_one_timer_serves_all_and_each_expires_at_its_own_time(clock: Clock) -> None:
    waiting, expired = commands(3.0, 1.0, 2.0), []
    watch = Deadlines(lambda: waiting, expired.append)
    for command in waiting:
        watch.watch(command.due_s)
    assert [when for when, _ in clock.timers] == [1.0]
    for now_s in (1.0, 2.0, 3.0):
        clock.move_to(now_s)
        assert [command.due_s for command in expired] == [now_s]
        waiting.remove(expired.pop())
    assert clock.timers == []


def test_what_was_answered_long_before_costs_one_late_look(clock: Clock) -> None:
    waiting, expired = commands(1.0), []
    watch = Deadlines(lambda: waiting, expired.append)
    watch.watch(1.0)
    waiting[:] = commands(5.0)
    clock.move_to(1.0)
    assert expired == []
    assert [when for when, _ in clock.timers] == [5.0]


def test_after_our_own_loop_stood_still_answers_are_read_before_anything_is_given_up(clock: Clock) -> None:
    waiting, expired = commands(1.0, 1.0), []
    watch = Deadlines(lambda: waiting, expired.append)
    watch.watch(1.0)
    clock.move_to(4.0)
    assert expired == [], "the timer fired 3 s late: the socket was not read meanwhile"
    waiting.pop()
    clock.move_to(4.0 + deadlines.GRACE_S)
    assert len(expired) == 1, "the one that was answered meanwhile is not given up"


def test_nothing_is_watched_after_the_end(clock: Clock) -> None:
    watch = Deadlines(list, lambda _: pytest.fail("it has ended"))
    watch.watch(1.0)
    watch.stop()
    assert clock.timers == []

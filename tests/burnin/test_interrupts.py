"""Signals ask for the end of a run; they are counted and told, and kill nobody."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import anyio
import pytest

from harness.burnin.interrupts import SIGNALS, Interrupts


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_counted_and_neither_kills_nor_raises(number: signal.Signals) -> None:
    with Interrupts() as interrupts:
        for _ in range(5):
            send(number)
        assert interrupts.count == 5


def test_afterwards_all_is_as_it_was_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with Interrupts():
        pass
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_hangup_that_was_ignored_from_the_start_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Interrupts() as interrupts:
        send(signal.SIGHUP)
        assert interrupts.count == 0


async def test_each_signal_is_told_in_the_loop_with_their_number() -> None:
    told: list[int] = []
    with Interrupts() as interrupts, interrupts.told_to(told.append):
        send(signal.SIGHUP)
        assert told == [], "not from within the handler"
        await anyio.lowlevel.checkpoint()
        send(signal.SIGTERM)
        await anyio.lowlevel.checkpoint()
    assert told == [1, 2]


async def test_a_signal_that_came_before_anybody_listened_is_told_at_once() -> None:
    told: list[int] = []
    with Interrupts() as interrupts:
        send(signal.SIGTERM)
        with interrupts.told_to(told.append):
            assert told == [1]
        send(signal.SIGTERM)
        await anyio.lowlevel.checkpoint()
    assert told == [1], "nobody listens any more"

from __future__ import annotations

import math
import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from harness.cdp.reconnecting.gate import Gate, Outcome
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.simulation import bounded
from harness.cdp.reconnecting.states import GateState


def gate_of(policy: ReconnectPolicy | None = None, waiters: str = "") -> Gate:
    gate = Gate("s:1", policy or ReconnectPolicy(), random.Random(1))
    for waiter in waiters:
        gate.join(waiter, 0.0)
    return gate


def admit_next(gate: Gate, now_s: float = 0.0) -> tuple[object, str, float]:
    at_s = gate.due_at(now_s)
    return (*gate.admit(at_s), at_s)


def test_the_first_who_lost_it_probes_and_nobody_else_may_try_meanwhile() -> None:
    gate = gate_of(waiters="abc")
    waiter, role, at_s = admit_next(gate)
    assert (waiter, role) == ("a", "probe")
    assert 0.0 <= at_s <= 0.1
    assert gate.state is GateState.HALF_OPEN
    assert gate.due_at(1e6) == math.inf
    with pytest.raises(ValueError, match="nobody is due"):
        gate.admit(1e6)


def test_a_successful_probe_releases_those_who_wait_in_their_order() -> None:
    gate = gate_of(waiters="abcd")
    _, _, at_s = admit_next(gate)
    gate.settle("a", "succeeded", at_s)
    assert [admit_next(gate, at_s)[:2] for _ in range(3)] == [("b", "release"), ("c", "release"), ("d", "release")]
    for waiter in "bcd":
        gate.settle(waiter, "succeeded", at_s)
    assert gate.state is GateState.CLOSED


def test_a_failed_probe_goes_to_the_end_and_the_next_one_probes_later() -> None:
    gate = gate_of(waiters="ab")
    _, _, at_s = admit_next(gate)
    gate.settle("a", "failed", at_s)
    gate.join("a", at_s)
    waiter, role, later_s = admit_next(gate, at_s)
    assert (waiter, role) == ("b", "probe")
    assert 0.09 <= later_s - at_s <= 0.1


def test_probes_are_bounded_however_quickly_they_fail() -> None:
    gate, now_s, probes = gate_of(ReconnectPolicy(base_s=0.0), "a"), 0.0, []
    while now_s < 300.0:
        _, role, now_s = admit_next(gate, now_s)
        assert role == "probe"
        probes.append(now_s)
        gate.settle("a", "failed", now_s)
        gate.join("a", now_s)
    assert bounded(probes)
    assert len(probes) == pytest.approx(5 + 300 * 1.25, abs=2)


def test_several_hosts_share_the_bound_of_probes() -> None:
    gate, now_s, probes = gate_of(ReconnectPolicy(base_s=0.0, hosts=5), "a"), 0.0, []
    while now_s < 300.0:
        _, _, now_s = admit_next(gate, now_s)
        probes.append(now_s)
        gate.settle("a", "failed", now_s)
        gate.join("a", now_s)
    assert bounded(probes, burst=1, per_s=0.25)


def test_several_failed_releases_in_a_row_open_it_again_and_one_alone_does_not() -> None:
    gate = gate_of(ReconnectPolicy(failures_to_open=3), "abcdefgh")
    _, _, at_s = admit_next(gate)
    gate.settle("a", "succeeded", at_s)
    for waiter, outcome in (("b", "failed"), ("c", "failed"), ("d", "succeeded"), ("e", "failed"), ("f", "failed")):
        assert admit_next(gate, at_s)[0] == waiter
        gate.settle(waiter, outcome, at_s)  # type: ignore[arg-type]
    assert gate.state is GateState.RELEASING
    admit_next(gate, at_s)
    gate.settle("g", "failed", at_s)
    assert gate.state is GateState.OPEN
    assert admit_next(gate, at_s)[:2] == ("h", "probe")


def test_a_probe_that_says_nothing_hands_its_turn_on_at_once() -> None:
    gate = gate_of(waiters="ab")
    _, _, at_s = admit_next(gate)
    gate.settle("a", "unjudged", at_s)
    assert admit_next(gate, at_s) == ("b", "probe", at_s)


def test_who_leaves_is_not_admitted_and_who_waits_cannot_join_twice() -> None:
    gate = gate_of(waiters="ab")
    with pytest.raises(ValueError, match="waits already"):
        gate.join("a", 0.0)
    gate.leave("a", 0.0)
    gate.leave("a", 0.0)
    assert admit_next(gate)[0] == "b"


def test_it_tells_each_move_and_why() -> None:
    moves: list[tuple[str, str]] = []
    gate = Gate("s:1", ReconnectPolicy(), random.Random(1), lambda a, b, _why: moves.append((a.value, b.value)))
    gate.join("a", 0.0)
    _, _, at_s = admit_next(gate)
    gate.settle("a", "succeeded", at_s)
    assert moves == [("closed", "open"), ("open", "half_open"), ("half_open", "releasing"), ("releasing", "closed")]


class AnyHistory(RuleBasedStateMachine):
    """Whatever comes, in whatever order: one probe at a time, first come first served, nobody lost, probes bounded."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = gate_of(ReconnectPolicy(failures_to_open=2))
        self.now_s = 0.0
        self.waiting: list[int] = []
        self.trying: dict[int, str] = {}
        self.probes: list[float] = []
        self.made = 0

    @rule()
    def one_joins(self) -> None:
        self.made += 1
        self.gate.join(self.made, self.now_s)
        self.waiting.append(self.made)

    @rule(seconds=st.floats(0.0, 2.0))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @precondition(lambda self: self.gate.due_at(self.now_s) < math.inf)
    @rule()
    def one_goes(self) -> None:
        self.now_s = self.gate.due_at(self.now_s)
        waiter, role = self.gate.admit(self.now_s)
        assert waiter == self.waiting.pop(0)
        self.trying[waiter] = role
        if role == "probe":
            self.probes.append(self.now_s)

    @precondition(lambda self: self.trying)
    @rule(which=st.integers(0, 100), outcome=st.sampled_from(["succeeded", "failed", "unjudged"]))
    def one_ends(self, which: int, outcome: Outcome) -> None:
        waiter = list(self.trying)[which % len(self.trying)]
        del self.trying[waiter]
        self.gate.settle(waiter, outcome, self.now_s)

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 100))
    def one_leaves(self, which: int) -> None:
        self.gate.leave(self.waiting.pop(which % len(self.waiting)), self.now_s)

    @invariant()
    def what_is_promised(self) -> None:
        probing = sum(role == "probe" for role in self.trying.values())
        assert probing == (self.gate.state is GateState.HALF_OPEN)
        assert self.gate.waiting == len(self.waiting)
        assert bounded(self.probes)
        stuck = self.waiting and not self.trying and self.gate.due_at(self.now_s) == math.inf
        assert not stuck


AnyHistory.TestCase.settings = settings(max_examples=80, stateful_step_count=60, deadline=None)
TestAnyHistory = AnyHistory.TestCase

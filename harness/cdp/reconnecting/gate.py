"""The gate before one endpoint: one probe at a time while it is lost, then those who wait, first come, first served.

A circuit breaker by the words of its states: CLOSED until someone has lost the endpoint; OPEN between probes; HALF_OPEN
while the one probe is under way; RELEASING while those who wait are let through. A probe that fails opens it again, and
so do several failed releases in a row. Who failed comes back to the end of the queue, so that probing goes round.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Literal

from harness.cdp.backoff import UniformSource, exponential_s
from harness.cdp.reconnecting.bucket import TokenBucket
from harness.cdp.reconnecting.policy import PROBE_BURST, PROBES_PER_S, ReconnectPolicy
from harness.cdp.reconnecting.states import GATE_TRANSITIONS, GateState

Role = Literal["probe", "release", "alone"]
Outcome = Literal["succeeded", "failed", "unjudged"]
Waiter = Hashable
OnMove = Callable[[GateState, GateState, str], None]


class Gate:
    """Pure: times are given, nothing is waited for. `due_at` and `admit` go together; each admission is settled once."""

    def __init__(
        self, endpoint: str, policy: ReconnectPolicy, random: UniformSource, on_move: OnMove = lambda *_: None
    ) -> None:
        self.endpoint = endpoint
        self.state = GateState.CLOSED
        self.touched_s = -math.inf
        self._policy, self._random, self._on_move = policy, random, on_move
        self._queue: dict[Waiter, None] = {}
        self._under_way: dict[Waiter, Role] = {}
        self._failures = 0
        self._next_probe_s = 0.0
        self._probes = TokenBucket(max(1.0, PROBE_BURST / policy.hosts), PROBES_PER_S / policy.hosts)

    # --- what stands

    @property
    def waiting(self) -> int:
        """How many wait to be admitted."""
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is under way."""
        return not self._queue and not self._under_way

    # --- what is asked

    def join(self, waiter: Waiter, now_s: float) -> None:
        """Wait at the end of the queue; ValueError for one that waits or tries already."""
        if waiter in self._queue or waiter in self._under_way:
            raise ValueError(f"{waiter!r} waits already")
        self.touched_s = now_s
        self._queue[waiter] = None
        if self.state is GateState.CLOSED:
            self._failures = 0
            window_s = max(self._policy.base_s, 1.0 / self._policy.host_release_per_s)
            self._next_probe_s = now_s + self._random.uniform(0.0, window_s)
            self._move(GateState.OPEN, "its connection was lost")

    def leave(self, waiter: Waiter, now_s: float) -> None:
        """Stop waiting; nothing for one that does not wait."""
        self._queue.pop(waiter, None)
        self._close_if_done(now_s)

    def due_at(self, now_s: float) -> float:
        """When the first in the queue may go; infinity when only an outcome can change that."""
        if not self._queue:
            return math.inf
        match self.state:
            case GateState.OPEN:
                return self._probes.ready_at(max(now_s, self._next_probe_s))
            case GateState.RELEASING:
                return now_s
            case _:
                return math.inf

    @property
    def next_role(self) -> Role:
        """As what the next one would go."""
        return "release" if self.state is GateState.RELEASING else "probe"

    def admit(self, now_s: float) -> tuple[Waiter, Role]:
        """Let the first in the queue through; ValueError when none is due."""
        if self.due_at(now_s) > now_s:
            raise ValueError(f"nobody is due at {self.endpoint}")
        role = self.next_role
        waiter = next(iter(self._queue))
        del self._queue[waiter]
        self._under_way[waiter] = role
        self.touched_s = now_s
        if role == "probe":
            self._probes.take(now_s)
            self._move(GateState.HALF_OPEN, "one probe")
        return waiter, role

    # --- what came of it

    def settle(self, waiter: Waiter, outcome: Outcome, now_s: float) -> None:
        """An admitted attempt ended. `unjudged`: it said nothing of the endpoint (cancelled, or its browser is gone)."""
        role = self._under_way.pop(waiter)
        self.touched_s = now_s
        if role == "probe":
            self._probed(outcome, now_s)
        elif self.state is GateState.RELEASING:
            self._released(outcome, now_s)
        self._close_if_done(now_s)

    def _probed(self, outcome: Outcome, now_s: float) -> None:
        match outcome:
            case "succeeded":
                self._failures = 0
                self._move(GateState.RELEASING, "the probe succeeded")
            case "failed":
                self._failures += 1
                self._next_probe_s = now_s + self._probe_wait_s()
                self._move(GateState.OPEN, "the probe failed")
            case "unjudged":
                self._next_probe_s = now_s
                self._move(GateState.OPEN, "the probe was given up")

    def _released(self, outcome: Outcome, now_s: float) -> None:
        if outcome == "failed":
            self._failures += 1
            if self._failures >= self._policy.failures_to_open:
                self._failures = 1
                self._next_probe_s = now_s + self._probe_wait_s()
                self._move(GateState.OPEN, f"{self._policy.failures_to_open} releases in a row failed")
        elif outcome == "succeeded":
            self._failures = 0

    def _probe_wait_s(self) -> float:
        every_s = self._policy.probe_every_s * self._policy.hosts
        return exponential_s(self._failures, self._policy.base_s, every_s) * self._random.uniform(0.9, 1.0)

    def _close_if_done(self, now_s: float) -> None:
        if self.state is GateState.RELEASING and self.idle:
            self.touched_s = now_s
            self._move(GateState.CLOSED, "nobody waits any more")

    def _move(self, state: GateState, reason: str) -> None:
        GATE_TRANSITIONS.check(self.endpoint, self.state, state)
        before, self.state = self.state, state
        self._on_move(before, state, reason)

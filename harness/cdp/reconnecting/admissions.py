"""All gates of one process: who may try which endpoint next, within the pace and the retry budgets.

Of one server host (all ports of a name) at most R attempts a second are made, probes and releases of all its endpoints
together. What no successful probe has let in, probes and attempts without a gate, draws on two budgets: the host's and
the fleet's. An empty budget delays, it refuses nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from harness.cdp.backoff import UniformSource
from harness.cdp.reconnecting.bucket import TokenBucket
from harness.cdp.reconnecting.gate import Gate, Outcome, Role, Waiter
from harness.cdp.reconnecting.pace import Pace
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.states import GateState

FORGET_S = 3600.0
"""A gate that nobody used for so long is forgotten, and with it what it had counted."""


class Admission(NamedTuple):
    """Leave to try once; it is settled once."""

    endpoint: str
    waiter: Waiter
    role: Role


class GateMove(NamedTuple):
    """A gate moved to another state."""

    endpoint: str
    from_state: GateState
    to_state: GateState
    reason: str
    waiting: int


def host_of(endpoint: str) -> str:
    """`host` of `host:port`."""
    return endpoint.rpartition(":")[0] or endpoint


class _Door:
    """For schemes without a gate: whoever comes goes, first come, first served, as far as the budgets reach."""

    def __init__(self) -> None:
        self._queue: dict[Waiter, None] = {}
        self.touched_s = 0.0
        self.next_role: Role = "alone"

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def idle(self) -> bool:
        return not self._queue

    def join(self, waiter: Waiter, now_s: float) -> None:
        self.touched_s = now_s
        self._queue[waiter] = None

    def leave(self, waiter: Waiter, now_s: float) -> None:
        self.touched_s = now_s
        self._queue.pop(waiter, None)

    def due_at(self, now_s: float) -> float:
        return now_s if self._queue else math.inf

    def admit(self, now_s: float) -> tuple[Waiter, Role]:
        self.touched_s = now_s
        waiter = next(iter(self._queue))
        del self._queue[waiter]
        return waiter, "alone"

    def settle(self, _waiter: Waiter, _outcome: Outcome, now_s: float) -> None:
        self.touched_s = now_s


class _Host:
    """What the endpoints of one server host share."""

    def __init__(self, policy: ReconnectPolicy, random: UniformSource) -> None:
        self.pace = Pace(policy.host_release_per_s, random) if policy.scheme == "per-host" else None
        self.budget = _budget(policy.host_retries_per_min, policy.host_retry_burst, policy.hosts)


def _budget(per_min: float, burst: int, hosts: int) -> TokenBucket:
    if per_min == 0:
        return TokenBucket.unlimited()
    return TokenBucket(max(1.0, burst / hosts), per_min / 60 / hosts)


class Admissions:
    """Pure: times are given. Ask `due_at` when to call `admit`, and ask again after every other call."""

    def __init__(
        self, policy: ReconnectPolicy, random: UniformSource, on_move: Callable[[GateMove], None] = lambda _: None
    ) -> None:
        self._policy, self._random, self._on_move = policy, random, on_move
        self._gates: dict[str, Gate | _Door] = {}  # least recently admitted first
        self._hosts: dict[str, _Host] = {}
        self._fleet = _budget(policy.fleet_retries_per_min, policy.fleet_retry_burst, policy.hosts)

    def join(self, endpoint: str, waiter: Waiter, now_s: float) -> None:
        """Wait for an attempt on `endpoint`."""
        gate = self._gates.get(endpoint)
        if gate is None:
            self._forget(now_s)
            gate = self._gates[endpoint] = self._new_gate(endpoint)
            self._hosts.setdefault(host_of(endpoint), _Host(self._policy, self._random))
        gate.join(waiter, now_s)

    def leave(self, endpoint: str, waiter: Waiter, now_s: float) -> None:
        """Stop waiting."""
        self._gates[endpoint].leave(waiter, now_s)

    def settle(self, admission: Admission, outcome: Outcome, now_s: float) -> None:
        """An admitted attempt ended."""
        self._gates[admission.endpoint].settle(admission.waiter, outcome, now_s)

    def due_at(self, now_s: float) -> float:
        """When the next one may be admitted; infinity when nobody may before something else happens."""
        return min((self._due_at(endpoint, gate, now_s) for endpoint, gate in self._gates.items()), default=math.inf)

    def admit(self, now_s: float) -> Admission | None:
        """Let the next one through; None when nobody is due. Endpoints take turns."""
        for endpoint, gate in self._gates.items():
            if self._due_at(endpoint, gate, now_s) <= now_s:
                return self._admit(endpoint, gate, now_s)
        return None

    def waiting(self, endpoint: str) -> int:
        """How many wait for an endpoint."""
        gate = self._gates.get(endpoint)
        return gate.waiting if gate is not None else 0

    def _admit(self, endpoint: str, gate: Gate | _Door, now_s: float) -> Admission:
        host = self._hosts[host_of(endpoint)]
        if gate.next_role != "release":
            host.budget.take(now_s)
            self._fleet.take(now_s)
        if host.pace is not None:
            host.pace.go(now_s)
        waiter, role = gate.admit(now_s)
        self._gates[endpoint] = self._gates.pop(endpoint)
        return Admission(endpoint, waiter, role)

    def _due_at(self, endpoint: str, gate: Gate | _Door, now_s: float) -> float:
        due_s = gate.due_at(now_s)
        if math.isinf(due_s):
            return due_s
        host = self._hosts[host_of(endpoint)]
        if gate.next_role != "release":
            due_s = max(host.budget.ready_at(due_s), self._fleet.ready_at(due_s))
        return due_s if host.pace is None else host.pace.due_at(due_s)

    def _new_gate(self, endpoint: str) -> Gate | _Door:
        if self._policy.scheme != "per-host":
            return _Door()

        def moved(before: GateState, after: GateState, reason: str) -> None:
            self._on_move(GateMove(endpoint, before, after, reason, self.waiting(endpoint)))

        return Gate(endpoint, self._policy, self._random, moved)

    def _forget(self, now_s: float) -> None:
        old = [name for name, gate in self._gates.items() if gate.idle and now_s - gate.touched_s > FORGET_S]
        for endpoint in old:
            del self._gates[endpoint]
        kept = {host_of(endpoint) for endpoint in self._gates}
        for host in [host for host in self._hosts if host not in kept]:
            del self._hosts[host]

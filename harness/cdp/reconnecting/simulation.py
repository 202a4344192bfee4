"""What a policy does to a server that was away: a seeded discrete-event simulation in virtual time.

The wait rules and admissions are those of the product. The server refuses while it is away; back again, it serves
`capacity_per_s` one after the other with a backlog, and who finds the backlog full learns of it by its own deadline, as
with Chromium's DevTools listener (backlog 10). Every connection is lost at once and noticed within `noticed_within_s`.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from harness.cdp.backoff import UniformSource
from harness.cdp.reconnecting.admissions import Admission, Admissions
from harness.cdp.reconnecting.gate import Role
from harness.cdp.reconnecting.policy import PROBE_BURST, PROBES_PER_S, ReconnectPolicy
from harness.cdp.reconnecting.waits import WaitRule

ENDPOINT = "server:9222"
REFUSED_AFTER_S = 0.001
WINDOW_S = 0.1


class Outage(NamedTuple):
    """Who lost what, and the server. horizon_s: after so long from its return, who is not back is counted as missing."""

    workers: int
    outage_s: float
    hosts: int = 1
    capacity_per_s: float = 100.0
    backlog: int = 10
    noticed_within_s: float = 0.1
    horizon_s: float = 900.0


class Recovery(NamedTuple):
    """What came of it. Times in seconds from the server's return, infinite where so many never came back.

    peak: most attempts, probes among them, in any 100 ms; worker_attempts: those that were no probes.
    """

    workers: int
    back: int
    peak: int
    t50_s: float
    t99_s: float
    t100_s: float
    worker_attempts: int
    probes: int
    probes_bounded: bool

    @property
    def attempts_per_worker(self) -> float:
        """Attempts that were no probes, by worker."""
        return self.worker_attempts / self.workers


class _Server:
    def __init__(self, outage: Outage, connect_timeout_s: float) -> None:
        self._outage, self._timeout_s = outage, connect_timeout_s
        self._free_s = 0.0

    def asked(self, now_s: float) -> tuple[bool, float]:
        """Whether an attempt made now succeeds, and when its maker knows."""
        if now_s < self._outage.outage_s:
            return False, now_s + REFUSED_AFTER_S
        queued = max(0.0, self._free_s - now_s) * self._outage.capacity_per_s
        if queued > self._outage.backlog:
            return False, now_s + self._timeout_s
        self._free_s = max(now_s, self._free_s) + 1 / self._outage.capacity_per_s
        return True, self._free_s


class _Simulation:
    """Events are (time, number, kind, worker); `number` keeps those of one moment in the order in which they were made."""

    def __init__(self, policy: ReconnectPolicy, outage: Outage, random: UniformSource) -> None:
        self.outage, self.random = outage, random
        self.server = _Server(outage, policy.connect_timeout_s)
        policy = msgspec.structs.replace(policy, hosts=outage.hosts)
        self.hosts = [Admissions(policy, random) for _ in range(outage.hosts)] if policy.is_coordinated else []
        self.rules = [
            WaitRule(policy, index=worker, known=outage.workers, random=random, gated=True)
            for worker in range(outage.workers)
        ]
        self.tries = [0] * outage.workers
        self.back_s: list[float] = []
        self.attempts_s: list[float] = []
        self.probes_s: list[float] = []
        self._events: list[tuple[float, int, str, int, Admission | None]] = []
        self._number = 0
        self._pumps = [math.inf] * outage.hosts

    def _at(self, time_s: float, kind: str, subject: int, admission: Admission | None = None) -> None:
        self._number += 1
        heapq.heappush(self._events, (time_s, self._number, kind, subject, admission))

    def run(self) -> None:
        for worker in range(self.outage.workers):
            self._at(self.random.uniform(0.0, self.outage.noticed_within_s), "lost", worker)
        end_s = self.outage.outage_s + self.outage.horizon_s
        while self._events and self._events[0][0] <= end_s:
            now_s, _, kind, subject, admission = heapq.heappop(self._events)
            match kind:
                case "lost":
                    self._at(now_s + self.rules[subject].first_s(now_s), "wants", subject)
                case "wants":
                    self._wants(subject, now_s)
                case "pump":
                    self._pumps[subject] = math.inf
                    self._pump(subject, now_s)
                case _:
                    self._ended(subject, admission, kind == "succeeded", now_s)

    def _wants(self, worker: int, now_s: float) -> None:
        if not self.hosts:
            self._try(worker, "alone", None, now_s)
            return
        host = worker % len(self.hosts)
        self.hosts[host].join(ENDPOINT, worker, now_s)
        self._pump(host, now_s)

    def _pump(self, host: int, now_s: float) -> None:
        admissions = self.hosts[host]
        while (admission := admissions.admit(now_s)) is not None:
            assert isinstance(admission.waiter, int)
            self._try(admission.waiter, admission.role, admission, now_s)
        due_s = admissions.due_at(now_s)
        if due_s < self._pumps[host]:
            self._pumps[host] = due_s
            self._at(due_s, "pump", host)

    def _try(self, worker: int, role: Role, admission: Admission | None, now_s: float) -> None:
        (self.probes_s if role == "probe" else self.attempts_s).append(now_s)
        self.tries[worker] += 1
        succeeded, at_s = self.server.asked(now_s)
        self._at(at_s, "succeeded" if succeeded else "failed", worker, admission)

    def _ended(self, worker: int, admission: Admission | None, succeeded: bool, now_s: float) -> None:
        if admission is not None:
            host = worker % len(self.hosts)
            self.hosts[host].settle(admission, "succeeded" if succeeded else "failed", now_s)
            self._pump(host, now_s)
        if succeeded:
            self.back_s.append(now_s - self.outage.outage_s)
        else:
            self._at(now_s + self.rules[worker].next_s(self.tries[worker], now_s), "wants", worker)


def simulate(policy: ReconnectPolicy, outage: Outage, random: UniformSource) -> Recovery:
    """One outage under one policy; the same `random` gives the same recovery."""
    simulation = _Simulation(policy, outage, random)
    simulation.run()
    back_s = sorted(simulation.back_s)
    return Recovery(
        workers=outage.workers,
        back=len(back_s),
        peak=peak(sorted(simulation.attempts_s + simulation.probes_s)),
        t50_s=_share(back_s, outage.workers, 0.50),
        t99_s=_share(back_s, outage.workers, 0.99),
        t100_s=_share(back_s, outage.workers, 1.0),
        worker_attempts=len(simulation.attempts_s),
        probes=len(simulation.probes_s),
        probes_bounded=bounded(simulation.probes_s),
    )


def _share(back_s: Sequence[float], workers: int, share: float) -> float:
    needed = math.ceil(share * workers)
    return back_s[needed - 1] if len(back_s) >= needed else math.inf


def peak(times_s: Sequence[float], window_s: float = WINDOW_S) -> int:
    """Most of the sorted times within any window, wherever it begins."""
    most = first = 0
    for last, time_s in enumerate(times_s):
        while time_s - times_s[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most


def bounded(times_s: Sequence[float], burst: float = PROBE_BURST, per_s: float = PROBES_PER_S) -> bool:
    """Whether in no stretch of time there were more than `burst` and `per_s` a second."""
    tokens, before_s = burst, -math.inf
    for time_s in times_s:
        tokens = min(burst, tokens + (time_s - before_s) * per_s) - 1
        before_s = time_s
        if tokens < -1e-6:
            return False
    return True

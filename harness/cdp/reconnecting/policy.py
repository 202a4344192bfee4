"""How a cohort reconnects: the struct behind `profiles/reconnect/*.toml` and `reconnect` in a run's profile."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harness.cdp.backoff import Jitter

Scheme = Literal["per-host", "cohort-slots", "alone"]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Deadline = Annotated[float, Meta(gt=0, le=86_400)]
PerMinute = Annotated[float, Meta(ge=0, le=1_000_000)]
Burst = Annotated[int, Meta(ge=1, le=1_000_000)]
Count = Annotated[int, Meta(ge=1, le=1000)]

CAPACITY_SHARE = 0.9
"""At most this share of a server's measured capacity is asked for; the rest is for those who are not reconnecting."""
PROBE_BURST = 5
PROBES_PER_S = 75 / 60
"""Probes of one endpoint: at most 5, and 75 a minute, by all hosts together (up to five of them)."""


class ReconnectPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds; `attempts` bounds the tries on one browser, `restarts_per_hour` what follows.

    scheme: `per-host` probes once and releases paced, `cohort-slots` gives each browser of the fleet its slot of a cycle,
        `alone` waits by its jitter.
    release_per_s: attempts on one server host by all hosts together, at most 0.9 of capacity_per_s (0: not measured).
    hosts: harness hosts that share the servers; each takes its share of the releases and probes.
    fleet_size: connections of the whole fleet, for the length of a cycle of slots; 0: those of this process.
    …_retries_per_min: budget of attempts that no successful probe has let in; 0: none.
    """

    scheme: Scheme = "per-host"
    jitter: Jitter = "full"
    base_s: Seconds = 0.1
    cap_s: Seconds = 5.0
    attempts: Count = 8
    connect_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 2.0
    give_up_s: Deadline = 600.0
    stagger_window_s: Seconds = 0.5
    restarts_per_hour: Annotated[int, Meta(ge=0, le=1000)] = 20
    release_per_s: Annotated[float, Meta(gt=0, le=100_000)] = 50.0
    capacity_per_s: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0
    hosts: Count = 1
    probe_every_s: Annotated[float, Meta(ge=0.8, le=3600)] = 0.8
    failures_to_open: Count = 3
    slot_s: Annotated[float, Meta(gt=0, le=3600)] = 0.5
    fleet_size: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    host_retries_per_min: PerMinute = 600.0
    host_retry_burst: Burst = 256
    fleet_retries_per_min: PerMinute = 1200.0
    fleet_retry_burst: Burst = 512

    @property
    def fleet_release_per_s(self) -> float:
        """R: attempts a second on one server host, by all hosts together."""
        measured = CAPACITY_SHARE * self.capacity_per_s or self.release_per_s
        return min(self.release_per_s, measured)

    @property
    def host_release_per_s(self) -> float:
        """This host's share of R."""
        return self.fleet_release_per_s / self.hosts

    @property
    def is_coordinated(self) -> bool:
        """Whether attempts ask a coordinator: they probe by turns, or draw on a budget."""
        return self.scheme == "per-host" or self.host_retries_per_min > 0 or self.fleet_retries_per_min > 0

    def slots(self, known: int) -> int:
        """How many slots a cycle has, so that a fleet of `known` (or `fleet_size`) asks R times a second at most.

        A cycle is never shorter than `cap_s`: a small fleet does not ask at R when it need not.
        """
        by_rate = (self.fleet_size or known) / (self.fleet_release_per_s * self.slot_s)
        return max(1, math.ceil(by_rate), math.ceil(self.cap_s / self.slot_s))

"""What other policies would have made of the outages that a run recorded: each is simulated under each policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from harness.cdp.backoff import UniformSource
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.simulation import Outage, simulate

SEEDS = (1, 2, 3)
MOST_OUTAGES = 100
MOST_CONNECTIONS = 10_000
LONGEST_S = 3600.0
"""What is replayed is bounded, whatever a folder says: the largest outages, cut to this."""


class Replayed(NamedTuple):
    """One policy over all outages, each with the worst of the seeds: peak and t99 of the worst outage, attempts and
    probes of all together."""

    profile: str
    peak: int
    t99_s: float
    attempts: int
    probes: int


def replay(
    policies: Mapping[str, ReconnectPolicy],
    outages: Sequence[tuple[int, float]],
    random: Callable[[int], UniformSource],
    seeds: Sequence[int] = SEEDS,
) -> list[Replayed]:
    """`outages`: (connections, seconds) each. The gentlest on the server first: by peak, then by t99. Empty without any."""
    largest = sorted(outages, key=lambda outage: (-outage[0], -outage[1]))[:MOST_OUTAGES]
    outages = [(min(count, MOST_CONNECTIONS), min(max(0.0, seconds), LONGEST_S)) for count, seconds in largest]
    rows = [_replayed(name, policy, outages, random, seeds) for name, policy in policies.items() if outages]
    return sorted(rows, key=lambda row: (row.peak, row.t99_s, row.attempts, row.profile))


def _replayed(
    name: str,
    policy: ReconnectPolicy,
    outages: Sequence[tuple[int, float]],
    random: Callable[[int], UniformSource],
    seeds: Sequence[int],
) -> Replayed:
    peak, t99_s, attempts, probes = 0, 0.0, 0, 0
    for connections, outage_s in outages:
        sized = msgspec.structs.replace(policy, fleet_size=connections, hosts=1)
        runs = [simulate(sized, Outage(connections, outage_s), random(seed)) for seed in seeds]
        peak = max(peak, *(run.peak for run in runs))
        t99_s = max(t99_s, *(run.t99_s for run in runs))
        attempts += max(run.worker_attempts for run in runs)
        probes += max(run.probes for run in runs)
    return Replayed(name, peak, t99_s, attempts, probes)

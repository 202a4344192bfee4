"""A fleet loses its server: what each reconnect profile does to it, simulated with the product's own policy objects.

10 to 10,000 workers, outages of 5 s and 60 s, every profile of profiles/reconnect, three seeds; the worst of the seeds
counts. The server serves 100 connections a second with a backlog of 10; R = 50 a second. Promised are, of the default:

    peak      attempts in any 100 ms, the first second included    ≤ max(2, 1.5 · R / 10)
    attempts  by worker, probes apart                              ≤ 1.1
    t99       until 99 % are back, from the server's return        ≤ 2 s + 1.1 · N / R
    probes    of one endpoint, in any stretch of time              ≤ 5 + 75 a minute
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.simulation import Outage, Recovery, simulate
from harness.settings.reconnect_profile import DEFAULT_RECONNECT, shipped_reconnects
from scripts.benches.figures import BenchOptions, Figure, table_lines

SIZES = (10, 100, 1_000, 10_000)
OUTAGES_S = (5.0, 60.0)
SEEDS = (1, 2, 3)
HOSTS = 4
"""One further row: the default profile on so many hosts that share the server, each with its share of R."""


class Row(NamedTuple):
    """One profile in one outage: the worst of all seeds."""

    profile: str
    outage: Outage
    recoveries: list[Recovery]
    rate: float

    @property
    def name(self) -> str:
        """Profile, workers, outage, and hosts where there are several."""
        hosts = f", {self.outage.hosts} hosts" if self.outage.hosts > 1 else ""
        return f"{self.profile} {self.outage.workers:,} × {self.outage.outage_s:g} s{hosts}"

    def figures(self) -> Iterator[Figure]:
        """The four lines to beat, each with whether it holds."""
        n, runs, seeds = self.outage.workers, self.recoveries, f"worst of {len(self.recoveries)} seeds"
        most = max(2.0, 1.5 * self.rate / 10)
        peak = max(run.peak for run in runs)
        yield Figure(f"{self.name}: peak", peak, "/100 ms", f"≤ {most:g}", peak <= most, seeds)
        tries = max(run.attempts_per_worker for run in runs)
        yield Figure(f"{self.name}: attempts", tries, "/worker", "≤ 1.1", tries <= 1.1, seeds)
        t99_s, limit_s = max(run.t99_s for run in runs), 2 + 1.1 * n / self.rate
        shown = None if math.isinf(t99_s) else t99_s
        yield Figure(f"{self.name}: t99", shown, "s", f"≤ {limit_s:g} s", t99_s <= limit_s, seeds)
        probes = max(run.probes for run in runs)
        bounded = all(run.probes_bounded for run in runs)
        yield Figure(f"{self.name}: probes", probes, "", "≤ 5 + 75/min", bounded, seeds)

    def words(self) -> tuple[str, ...]:
        """A line of the table for people."""
        runs, figures = self.recoveries, list(self.figures())
        broken = [figure.name.rpartition(": ")[2] for figure in figures if not figure.ok]
        back = min(run.back for run in runs)
        return (
            self.name,
            f"{max(run.peak for run in runs):,}",
            *(_seconds(max(getattr(run, key) for run in runs)) for key in ("t50_s", "t99_s", "t100_s")),
            f"{max(run.attempts_per_worker for run in runs):.2f}",
            f"{max(run.probes for run in runs)}",
            "all" if back == self.outage.workers else f"{back:,}",
            "ok" if not broken else f"not {', '.join(broken)}",
        )


HEADING = ("profile, workers × outage", "peak", "t50 s", "t99 s", "t100 s", "attempts", "probes", "back", "to beat")


def measure(profile: str, policy: ReconnectPolicy, outage: Outage, seeds: Iterable[int]) -> Row:
    """Simulate one outage for each seed."""
    if policy.scheme == "cohort-slots":  # as its file says: it has to be told the size of the fleet
        policy = msgspec.structs.replace(policy, fleet_size=outage.workers)
    found = [simulate(policy, outage, random.Random(seed)) for seed in seeds]  # noqa: S311 - a seeded simulation
    return Row(profile, outage, found, policy.fleet_release_per_s)


def run(options: BenchOptions) -> Iterator[Figure]:
    """All rows: as a table, and the default's figures; every profile's with `json`."""
    sizes = SIZES[:3] if options.quick else SIZES
    seeds = SEEDS[:1] if options.quick else SEEDS
    policies = shipped_reconnects()
    cases = [(name, Outage(n, outage_s)) for n in sizes for outage_s in OUTAGES_S for name in policies]
    cases += [(DEFAULT_RECONNECT, Outage(1_000, outage_s, hosts=HOSTS)) for outage_s in OUTAGES_S]
    rows = [measure(name, policies[name], outage, seeds) for name, outage in cases]
    for line in table_lines([HEADING, *(row.words() for row in rows)]):
        options.say(line)
    options.say("")
    for row in rows:
        if options.json or row.profile == DEFAULT_RECONNECT:
            yield from row.figures()


def _seconds(seconds: float) -> str:
    return "never" if math.isinf(seconds) else f"{seconds:.2f}"

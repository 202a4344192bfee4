"""What the plots draw: spins and failures of a run in buckets of time, in seconds since the work began."""

from __future__ import annotations

from dataclasses import dataclass

from harness.basics.failures import Category
from harness.evidence.reading import Evidence
from harness.evidence.spins import COMPLETED
from harness.telemetry.histogram import exact_percentile

_NICE_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
BUCKETS = 40
"""About how many buckets a plot has, at most."""
MAX_PATHS = 8


@dataclass(frozen=True)
class Line:
    """Points (s, value) of one curve; `key` groups curves of one colour, `dashed` tells two of a key apart."""

    label: str
    key: int
    points: list[tuple[float, float]]
    dashed: bool = False


@dataclass(frozen=True)
class Stack:
    """One layer of stacked bars: a value for each bucket; `tone` is the CSS class of its colour."""

    label: str
    tone: str
    values: list[float]


@dataclass(frozen=True)
class Mark:
    """A vertical line at a moment: a fault made on purpose."""

    at_s: float
    label: str


def bucket_s(evidence: Evidence) -> float:
    """Width of a bucket in seconds: a round number that makes at most BUCKETS of them."""
    wanted = span_s(evidence) / BUCKETS
    return float(next((nice for nice in _NICE_S if nice >= wanted), 86_400))


def span_s(evidence: Evidence) -> float:
    """Seconds that a plot covers: the work, and the spins that ended while it drained."""
    last = max((spin.ended_mono_ns for spin in evidence.book), default=0)
    return max(evidence.ran_s, evidence.since_start_s(last), 1.0)


def bucket_count(evidence: Evidence) -> int:
    """Number of buckets."""
    return int(span_s(evidence) // bucket_s(evidence)) + 1


def marks(evidence: Evidence) -> list[Mark]:
    """The faults that the run made on purpose."""
    return [Mark(evidence.since_start_s(f.mono_ns), f"{f.kind} {f.browser_id}".strip()) for f in evidence.faults]


def latency_lines(evidence: Evidence) -> list[Line]:
    """p50 and p95 (dashed) of completed spins by path in seconds, each bucket by when its spins ended.

    At most MAX_PATHS paths, those with the most spins.
    """
    width = bucket_s(evidence)
    buckets: dict[str, dict[int, list[float]]] = {}
    for spin in evidence.book:
        if spin.outcome == COMPLETED:
            bucket = int(evidence.since_start_s(spin.ended_mono_ns) // width)
            buckets.setdefault(spin.path, {}).setdefault(bucket, []).append(spin.duration_ms / 1e3)
    busiest = sorted(buckets, key=lambda path: -sum(map(len, buckets[path].values())))[:MAX_PATHS]
    lines = []
    for key, path in enumerate(sorted(busiest)):
        for percent, dashed in ((50, False), (95, True)):
            points = [
                ((number + 0.5) * width, exact_percentile(values, percent) or 0.0)
                for number, values in sorted(buckets[path].items())
            ]
            lines.append(Line(f"{path} p{percent}", key, points, dashed))
    return lines


def throughput_stacks(evidence: Evidence) -> list[Stack]:
    """Ended spins per minute by outcome."""
    width, size = bucket_s(evidence), bucket_count(evidence)
    stacks = []
    outcomes = (("completed", "good"), ("failed", "bad"), ("unknown", "doubt"), ("cancelled", "mute"))
    for outcome, tone in outcomes:
        values = [0.0] * size
        for spin in evidence.book:
            if spin.outcome == outcome:
                values[int(evidence.since_start_s(spin.ended_mono_ns) // width)] += 60 / width
        if any(values) or outcome == "completed":
            stacks.append(Stack(outcome, tone, values))
    return stacks


def failure_stacks(evidence: Evidence) -> list[Stack]:
    """Failures by category; categories without one keep their place in the legend."""
    width, size = bucket_s(evidence), bucket_count(evidence)
    stacks = []
    for number, category in enumerate(Category):
        values = [0.0] * size
        for failure in evidence.failures:
            if failure.category == category.value:
                values[min(size - 1, int(evidence.since_start_s(failure.mono_ns) // width))] += 1
        stacks.append(Stack(f"{category.value} ({sum(values):.0f})", f"c{number}", values))
    return stacks


def memory_lines(evidence: Evidence) -> list[Line]:
    """Resident memory of the harness, and proportional memory of its browsers, in MiB."""
    snapshots = evidence.snapshots
    if not snapshots:
        return []
    at = [evidence.since_start_s(snapshot.mono_ns) for snapshot in snapshots]
    browsers = [snapshot.browser_pss_bytes / 2**20 for snapshot in snapshots]
    own = [snapshot.rss_bytes / 2**20 for snapshot in snapshots]
    return [
        Line("browsers", 0, list(zip(at, browsers, strict=True))),
        Line("harness", 1, list(zip(at, own, strict=True))),
    ]

"""Enough spins completed in a minute: together, and by each worker."""

from harness.evidence.reading import Evidence
from harness.evidence.records import WorkerRecord
from harness.readiness.finding import Criterion, Finding, Status, figure, plural
from harness.readiness.slo import Thresholds

NAME = "throughput"


def judge(evidence: Evidence, thresholds: Thresholds) -> list[Finding]:
    """One finding for all workers together, one for the slowest of those that worked long enough to be judged.

    Only a burn-in promises a rate: a run of counted items ends when they are done, however long that takes.
    """
    if evidence.manifest.mode != "burn-in":
        return [Finding(NAME, Status.NOT_APPLICABLE, "a run of counted items", "no rate was promised", 0)]
    return [_together(evidence, thresholds), _slowest_worker(evidence, thresholds)]


def worker_s(evidence: Evidence, worker: WorkerRecord) -> float:
    """How long a worker worked: from its first event to its end, at most to the end of the run's work."""
    first_s = evidence.since_start_s(worker.first_mono_ns)
    last_s = evidence.since_start_s(worker.last_mono_ns) if worker.over else evidence.ran_s
    return max(0.0, min(last_s, evidence.ran_s) - first_s)


def _together(evidence: Evidence, thresholds: Thresholds) -> Finding:
    completed = evidence.outcomes().get("completed", 0)
    ended, ran_s, limit = len(evidence.ended_spins), evidence.ran_s, thresholds.min_throughput_per_min
    known = bool(ended) and ran_s > 0
    rate = 60 * completed / ran_s if known else None
    status = Status.UNKNOWN if rate is None else Status.PASS if rate >= limit else Status.FAIL
    return Finding(
        NAME,
        status,
        "no spin ended" if rate is None else f"{figure(rate, 1)} /min ({plural(completed, 'spin')} in {ran_s:.1f} s)",
        f"≥ {limit:g} /min",
        ended,
        subject="together",
        value=rate,
        limit=limit,
        where=("domain: spin.ended",),
    )


def _slowest_worker(evidence: Evidence, thresholds: Thresholds) -> Finding:
    limit = thresholds.min_throughput_per_worker_per_min
    rates = {}
    for worker in evidence.workers.values():
        seconds = worker_s(evidence, worker)
        if seconds > 0 and seconds >= thresholds.min_worker_s:
            rates[worker.worker_id] = 60 * worker.completed / seconds
    short = len(evidence.workers) - len(rates)
    note = f"{plural(short, 'worker')} worked for less than {thresholds.min_worker_s:g} s: not judged" if short else ""
    threshold = f"≥ {limit:g} /min for each worker"
    if not rates:
        return Finding(NAME, Status.UNKNOWN, "no worker to judge", threshold, 0, "each worker", note=note)
    slowest = min(rates, key=rates.__getitem__)
    rate = rates[slowest]
    return Finding(
        NAME,
        Status.PASS if rate >= limit else Status.FAIL,
        f"{figure(rate, 1)} /min (the slowest: {slowest})",
        threshold,
        len(rates),
        subject="each worker",
        value=rate,
        limit=limit,
        where=(f"worker {slowest}", "domain: spin.ended"),
        note=note,
    )


CRITERION = Criterion(NAME, "Throughput", judge, rank=50)

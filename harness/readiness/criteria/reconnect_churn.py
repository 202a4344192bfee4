"""How often browsers lose their connections, by browser-hour; what the run's own faults did is not counted."""

from collections import Counter

from harness.evidence.disconnects import browser_hours, disconnects
from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status, plural
from harness.readiness.slo import Thresholds

NAME = "reconnect_churn"


def judge(evidence: Evidence, thresholds: Thresholds) -> list[Finding]:
    """One finding for all browsers together, one for the cohort that loses its connections most often."""
    found = disconnects(evidence)
    lost = Counter(loss.cohort for loss in found if not loss.injected)
    hours = browser_hours(evidence)
    injected = sum(loss.injected for loss in found)
    note = f"{plural(injected, 'disconnect')} by the run's own faults not counted" if injected else ""
    together = _finding("together", lost.total(), sum(hours.values()), thresholds, note)
    cohorts = sorted(lost.keys() | hours.keys())
    if not cohorts:
        return [together]
    worst = max(cohorts, key=lambda cohort: (_rate(lost[cohort], hours.get(cohort, 0.0)) or 0.0, lost[cohort]))
    return [together, _finding("worst cohort", lost[worst], hours.get(worst, 0.0), thresholds, f"cohort {worst}")]


def _rate(lost: int, hours: float) -> float | None:
    return lost / hours if hours > 0 else None


def _finding(subject: str, lost: int, hours: float, thresholds: Thresholds, note: str) -> Finding:
    limit, rate = thresholds.max_disconnects_per_browser_hour, _rate(lost, hours)
    if rate is None:
        status = Status.UNKNOWN
    elif lost == 1 and limit > 0 and hours * limit < 1:
        status, note = Status.NOT_APPLICABLE, "; ".join(filter(None, [note, "one loss in so short a time is no rate"]))
    else:
        status = Status.PASS if rate <= limit else Status.FAIL
    told = "no browser was seen at work" if rate is None else f"{rate:.2f} /h"
    return Finding(
        NAME,
        status,
        f"{told} ({plural(lost, 'disconnect')} in {hours:.2f} browser-hours)",
        f"≤ {limit:g} a browser-hour",
        lost,
        subject=subject,
        value=rate,
        limit=limit,
        where=("harness reconnects", "operational: cdp.connection_lost"),
        note=note,
    )


CRITERION = Criterion(NAME, "Reconnect churn", judge, rank=105)

"""Lost connections of a run: why, by cohort and browser-hour, how they came back, and which of them were one outage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from harness.evidence.reading import Evidence
from harness.evidence.records import BrowserMove, ConnectionLoss

HOUR_NS = 3_600_000_000_000


class Disconnect(NamedTuple):
    """One lost connection. cause: `process_ended`, `ping_unanswered`, else what the event says; ended: `reconnected`,
    `restarted`, `failed` or `open` (the run ended before); back_s: until the browser was healthy again, if it was."""

    browser_id: str
    cohort: str
    cause: str
    injected: bool
    at_s: float
    ended: str
    back_s: float | None


class CauseRow(NamedTuple):
    """All disconnects of one cohort by one cause; `injected` ones are rows of their own and count for nothing else."""

    cohort: str
    cause: str
    injected: bool
    disconnects: int
    per_browser_hour: float | None
    reconnected: int
    restarted: int


class RecordedOutage(NamedTuple):
    """Connections that were away at the same time; outage_s: until the first of them was back, so at most the outage."""

    connections: int
    outage_s: float


def disconnects(evidence: Evidence) -> list[Disconnect]:
    """Every lost connection in the order in which they were lost."""
    moves: dict[str, list[BrowserMove]] = {}
    for move in evidence.browser_moves:
        moves.setdefault(move.browser_id, []).append(move)
    return [_disconnect(evidence, loss, moves.get(loss.browser_id, [])) for loss in evidence.losses]


def _disconnect(evidence: Evidence, loss: ConnectionLoss, moves: list[BrowserMove]) -> Disconnect:
    before = [move for move in moves if move.mono_ns <= loss.mono_ns and move.to_state in {"healthy", "unhealthy"}]
    after = [move for move in moves if move.mono_ns >= loss.mono_ns and move.to_state != "unhealthy"]
    if before and before[-1] in after:  # in one tick of the clock: what came before is not what came of it
        after.remove(before[-1])
    cause = loss.cause
    if before and before[-1].to_state == "unhealthy":
        cause = "ping_unanswered"
    if after and after[0].to_state == "restarting" and after[0].reason.startswith("the process ended"):
        cause = "process_ended"
    ended, back_s = "open", None
    for move in after:
        if move.to_state in {"healthy", "failed", "stopping"}:
            back_s = (move.mono_ns - loss.mono_ns) / 1e9 if move.to_state == "healthy" else None
            how = "restarted" if move.from_state == "restarting" else "reconnected"
            ended = {"healthy": how, "failed": "failed", "stopping": "open"}[move.to_state]
            break
    at_s = evidence.since_start_s(loss.mono_ns)
    return Disconnect(loss.browser_id, loss.cohort, cause, loss.injected, at_s, ended, back_s)


def browser_hours(evidence: Evidence) -> dict[str, float]:
    """Hours by cohort that its browsers were at work: from the first time healthy to the stop, or the last event."""
    cohorts = evidence.cohorts
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for move in evidence.browser_moves:
        if move.to_state == "healthy":
            first.setdefault(move.browser_id, move.mono_ns)
        elif move.to_state in {"failed", "stopping"}:
            last.setdefault(move.browser_id, move.mono_ns)
    hours: dict[str, float] = {}
    for browser_id, begin_ns in first.items():
        end_ns = last.get(browser_id, evidence.last_mono_ns)
        cohort = cohorts.get(browser_id, browser_id)
        hours[cohort] = hours.get(cohort, 0.0) + max(0, end_ns - begin_ns) / HOUR_NS
    return hours


def rank_causes(found: Iterable[Disconnect], hours: dict[str, float]) -> list[CauseRow]:
    """Cohorts and causes: the run's own faults last, then by how many disconnects, then by name."""
    groups: dict[tuple[str, str, bool], Counter[str]] = {}
    for loss in found:
        groups.setdefault((loss.cohort, loss.cause, loss.injected), Counter())[loss.ended] += 1
    rows = []
    for (cohort, cause, injected), ended in groups.items():
        time_h = hours.get(cohort, 0.0)
        rate = ended.total() / time_h if time_h > 0 else None
        rows.append(CauseRow(cohort, cause, injected, ended.total(), rate, ended["reconnected"], ended["restarted"]))
    return sorted(rows, key=lambda row: (row.injected, -row.disconnects, row.cohort, row.cause))


def dominant_cause(found: Iterable[Disconnect]) -> tuple[str, int] | None:
    """The cause of most disconnects that the run did not make itself, and how many; None without any."""
    counts = Counter(loss.cause for loss in found if not loss.injected)
    return min(counts.items(), key=lambda row: (-row[1], row[0])) if counts else None


def recorded_outages(found: Iterable[Disconnect]) -> list[RecordedOutage]:
    """Disconnects that ended with a reconnect, those that overlap in time taken together."""
    back = sorted(
        (loss.at_s, loss.at_s + loss.back_s)
        for loss in found
        if loss.ended == "reconnected" and loss.back_s is not None
    )
    outages: list[RecordedOutage] = []
    group: list[tuple[float, float]] = []
    for begin_s, end_s in back:
        if group and begin_s >= max(end for _, end in group):
            outages.append(_outage(group))
            group = []
        group.append((begin_s, end_s))
    return [*outages, _outage(group)] if group else outages


def _outage(group: list[tuple[float, float]]) -> RecordedOutage:
    return RecordedOutage(len(group), min(end_s for _, end_s in group) - group[0][0])

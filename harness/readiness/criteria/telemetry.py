"""The evidence is whole: nothing dropped, nothing missing, nothing that cannot be read or that contradicts itself."""

from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status
from harness.readiness.slo import Thresholds

NAME = "telemetry"


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """What damages the evidence fails, and so does what the run itself says it dropped or cut.

    A torn tail, and a gap that the writers' order explains at the very end, are what a kill leaves behind: UNKNOWN in a
    run that died, failures in one that says it ended. A run that ended and left no digest of its channels is UNKNOWN,
    too: that nothing is missing at their ends cannot be seen.
    """
    integrity = evidence.integrity
    died = evidence.ending is None
    bad, torn = integrity.findings.bad, integrity.findings.torn
    failing = {
        "dropped": sum(integrity.drops.values()),
        **integrity.damages(died=died),
        "cut to a skeleton": integrity.skeletons,
    }
    at_the_end = {"torn tails": len(torn), "unwritten at the kill": integrity.unwritten(died=died)} if died else {}
    wrong = sum(failing.values())
    unvouched = not died and not integrity.vouched
    if wrong:
        status = Status.FAIL
    elif not integrity.events or unvouched or any(at_the_end.values()):
        status = Status.UNKNOWN
    else:
        status = Status.PASS
    found = [f"{number} {name}" for name, number in (failing | at_the_end).items() if number]
    where = [*map(str, bad[:2]), *map(str, integrity.strange_lines[:3]), *integrity.contradictions[:3]]
    where += [
        f"{tail.segment.parent.name}/{tail.segment.name}: {tail.length} bytes from {tail.offset}" for tail in torn[:2]
    ]
    where += [f"after sequence {gap.first - 1}: {gap.size} missing" for gap in integrity.sequence.gaps[:2]]
    where += [f"{channel}: {number} dropped" for channel, number in integrity.drops.items()]
    return Finding(
        NAME,
        status,
        ", ".join(found) or ("no event" if not integrity.events else "nothing lost"),
        "nothing lost",
        integrity.events,
        value=float(wrong),
        limit=0.0,
        where=tuple(where) or ("all channels",),
        note=_note(where, died=died, events=integrity.events, unvouched=unvouched),
    )


def _note(where: list[str], *, died: bool, events: int, unvouched: bool) -> str:
    if died:
        return "the run died: its last events may be missing" if events else ""
    return where[0] if where else "the run left no digest of its channels" if unvouched else ""


CRITERION = Criterion(NAME, "No lost telemetry", judge, rank=80)

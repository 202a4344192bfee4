"""The evidence is whole: nothing dropped, nothing missing, nothing that cannot be read."""

from harness.evidence.reading import CHANNELS, Evidence
from harness.readiness.finding import Criterion, Finding, Status
from harness.readiness.slo import Thresholds

NAME = "telemetry"


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """Drops, gaps in the sequence, bad lines, disorder, foreign events and cut events fail.

    A torn tail, and a gap that the writers' order explains at the very end, are what a kill leaves behind: UNKNOWN in a
    run that died, failures in one that says it ended.
    """
    integrity = evidence.integrity
    died = evidence.ending is None
    torn, bad = integrity.findings.torn, integrity.findings.bad
    unflushed = min(integrity.sequence.unflushed(CHANNELS), integrity.lost_untold) if died else 0
    dropped = sum(integrity.drops.values())
    failing = {
        "dropped": dropped,
        "missing": integrity.lost_untold - unflushed,
        "bad lines": len(bad),
        "out of order": integrity.sequence.disordered,
        "foreign": integrity.foreign,
        "cut to a skeleton": integrity.skeletons,
    }
    at_the_end = {"torn tails": len(torn), "unwritten at the kill": unflushed}
    wrong = sum(failing.values()) + (0 if died else len(torn))
    if wrong:
        status = Status.FAIL
    elif not integrity.events or any(at_the_end.values()):
        status = Status.UNKNOWN
    else:
        status = Status.PASS
    found = [f"{number} {name}" for name, number in (failing | at_the_end).items() if number]
    where = [f"{line.segment.name} line {line.number}: {line.reason}" for line in bad[:2]]
    where += [f"{tail.segment.name}: {tail.length} bytes from {tail.offset}" for tail in torn[:2]]
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
        note="the run died: its last events may be missing" if died and integrity.events else "",
    )


CRITERION = Criterion(NAME, "No lost telemetry", judge, rank=80)

"""No work item was claimed twice at once, and each that was claimed came to an end."""

from harness.evidence.items import FINAL_STATES
from harness.evidence.reading import Evidence
from harness.readiness.finding import Criterion, Finding, Status, explain_command
from harness.readiness.slo import Thresholds

NAME = "items"


def judge(evidence: Evidence, _thresholds: Thresholds) -> Finding:
    """Double claims fail; claimed items without a final state fail, too, but for a run that died: there UNKNOWN."""
    replay = evidence.items
    claimed = replay.claimed()
    loose = [item_id for item_id, item in claimed.items() if item.state not in FINAL_STATES]
    died = evidence.ending is None
    if replay.double_claims or (loose and not died):
        status = Status.FAIL
    elif loose or not claimed:
        status = Status.UNKNOWN
    else:
        status = Status.PASS
    examples = [double.item_id for double in replay.doubles[:2]] + loose[:2]
    return Finding(
        NAME,
        status,
        f"{replay.double_claims} claimed twice, {len(loose)} without an end",
        "0 and 0",
        len(claimed),
        value=float(replay.double_claims + len(loose)),
        limit=0.0,
        where=tuple(map(explain_command, examples)) or ("domain: item.state",),
        note="" if claimed else "no item was claimed",
    )


CRITERION = Criterion(NAME, "Work items claimed once and ended", judge, rank=110)

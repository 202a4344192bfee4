"""The site's own record and the evidence agree: no effect lost, none made twice, none from nowhere."""

from collections import Counter

from harness.evidence.reading import Evidence
from harness.evidence.spins import COMPLETED
from harness.readiness.finding import Criterion, Finding, Status, explain_command
from harness.readiness.slo import Thresholds

NAME = "site_agreement"


def judge(evidence: Evidence, thresholds: Thresholds) -> Finding:
    """Each spin that committed is recorded once, and nothing else is; NOT_APPLICABLE where no record is kept.

    UNKNOWN when the site keeps a record that was not read whole at the end. Twice is a failure even then.
    """
    spins = list(evidence.book)
    recorded = [spin for spin in spins if spin.effects is not None]
    compared = evidence.site is not None
    asked = any(spin.reconciled for spin in spins)
    if not (compared or recorded or asked or evidence.manifest.plan.ledger):
        return Finding(NAME, Status.NOT_APPLICABLE, "no ledger", "agreement with the site's record", 0)
    twice = [spin.spin_id for spin in recorded if spin.effects != 1]
    repeated = [item for item, count in _committed_by_item(evidence).items() if count > 1]
    nowhere = [spin.spin_id for spin in recorded if not spin.started]
    denied = [s.spin_id for s in recorded if s.effects and (s.committed == "no" or s.reconciled == "no")]
    lost = [s.spin_id for s in spins if compared and not s.effects and "yes" in (s.committed, s.reconciled)]
    strangers = 0
    if evidence.site is not None and not thresholds.site_is_shared:
        strangers = evidence.site.foreign + evidence.site.unnamed
    found = {
        "lost": len(lost),
        "recorded not exactly once": len(twice),
        "items committed more than once": len(repeated),
        "recorded though the evidence says no": len(denied),
        "from nowhere": len(nowhere) + strangers,
    }
    wrong = sum(found.values())
    status = Status.FAIL if wrong else Status.PASS if compared else Status.UNKNOWN
    examples = list(dict.fromkeys([*lost, *twice, *denied, *nowhere, *repeated]))[:4]
    completed = sum(spin.outcome == COMPLETED and spin.committed == "yes" for spin in spins)
    agreeing = f"{len(recorded)} recorded, {completed} completed spins with an effect"
    return Finding(
        NAME,
        status,
        ", ".join(f"{count} {name}" for name, count in found.items() if count) or agreeing,
        "each committed spin recorded exactly once",
        len(recorded),
        value=float(wrong),
        limit=0.0,
        where=tuple(map(explain_command, examples)) or ("domain: site.recorded, site.compared",),
        note=_note(evidence, compared),
    )


def _note(evidence: Evidence, compared: bool) -> str:
    if not compared:
        return "the site's record was not read whole at the end"
    assert evidence.site is not None
    others = evidence.site.foreign + evidence.site.unnamed
    return f"the site's record holds {others} entries that are not this run's" if others else ""


def _committed_by_item(evidence: Evidence) -> Counter[str]:
    return Counter(spin.item_id for spin in evidence.book if spin.item_id and spin.holds_effect == "yes")


CRITERION = Criterion(NAME, "The site's record agrees", judge, rank=120)

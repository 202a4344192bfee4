"""What came of a spin: what the site holds of it, and by that what becomes of its item; recorded, counted, settled.

Only an effect that is certainly not there may be tried again; one that stays unknown is counted as such and never
retried. Whoever asks here has discarded the page before, so that nothing can change the answer any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Literal

import anyio

from harness.basics.errors import OperationError, StorageError
from harness.basics.failures import Containment
from harness.basics.ids import new_failure_id, new_spin_id
from harness.pool.items import WorkItem, WorkQueue
from harness.pool.ledger import Ledger, LedgerError
from harness.pool.plan import PathPlan, RunFigures, WorkerView, WorkPlan
from harness.pool.states import ItemState
from harness.telemetry.pipeline import Log

Committed = Literal["yes", "no", "unknown"]
"""Whether the site holds an effect of a spin."""


@dataclass
class Spin:
    """One attempt at an item, and how far it came. began: its replay started; may_have_committed: by what was sent since
    the steps that commit; lost_session: its first session ended before it did; wait_ms: milliseconds until its page and
    leases were there."""

    item: WorkItem
    path: PathPlan
    id: str = field(default_factory=new_spin_id)
    started_ns: int = field(default_factory=time.monotonic_ns)
    began: bool = False
    may_have_committed: bool = False
    lost_session: bool = False
    wait_ms: float = 0.0


class Outcomes:
    """Settles the spins of one worker, one after the other; called with the spin's ids bound."""

    def __init__(
        self, *, queue: WorkQueue, plan: WorkPlan, figures: RunFigures, view: WorkerView, browser_id: str, log: Log
    ) -> None:
        self.failures_in_a_row = 0
        """Spins that failed since the last one that completed."""
        self._queue = queue
        self._plan = plan
        self._figures = figures
        self._view = view
        self._browser_id = browser_id
        self._log = log

    async def ask(self, spin: Spin, *, gone: bool) -> Committed:
        """What the site holds of this spin; without a ledger, what it may hold by what was sent.

        gone: whether the page is certainly closed; else it may still make what the site does not hold yet.
        """
        if not spin.path.effect or not spin.began:
            return "no"
        otherwise: Committed = "unknown" if spin.may_have_committed else "no"
        if self._plan.ledger is None:
            return otherwise
        await anyio.sleep(self._plan.ledger_settle_s)
        try:
            entries = await self._plan.ledger.effects_of(spin.id)
            doubt = "" if entries or otherwise == "no" else await self._doubt(spin, self._plan.ledger, gone=gone)
        except LedgerError as error:
            return self._reconciled(otherwise, 0, error.why)
        return self._reconciled("yes" if entries else "unknown" if doubt else "no", entries, doubt)

    async def _doubt(self, spin: Spin, ledger: Ledger, *, gone: bool) -> str:
        """Why the site may hold an effect of this spin though it has none under its id; empty where that is excluded."""
        if not gone:
            return "the page may still be at work: it could not be closed"
        if spin.lost_session and not self._plan.naming.outlives_the_session and (await ledger.all()).unnamed:
            return "the site has effects without an id, and the header with this spin's id was lost with its session"
        return ""

    def _reconciled(self, result: Committed, entries: int, detail: str) -> Committed:
        named = {"yes": "committed", "no": "not committed", "unknown": "unknown"}[result]
        tell = self._log.warning if detail else self._log.info
        tell("spin.reconciled", result=named, entries=entries, detail=detail)
        return result

    def settle(self, spin: Spin, committed: Committed, error: OperationError | None, *, died: bool) -> None:
        """The spin completed, or failed with `error`: record that, and settle its item. died: its worker died of it."""
        if error is None:
            self._end(spin, "completed", committed)
            self._queue.settle(spin.item, ItemState.DONE, "completed")
            return
        outcome, state, containment = _decide(spin.item, committed)
        if isinstance(error, StorageError):
            containment = Containment.RUN_STOPPED
        elif died:
            containment = Containment.WORKER_REPLACED
        self._record(error, containment)
        self._end(spin, outcome, committed)
        self._queue.settle(spin.item, state, error.root_cause.value)

    def cancel(self, spin: Spin, committed: Committed) -> None:
        """The end of the run stopped the spin: no failure of it, but what it left behind decides about its item."""
        self._end(spin, "cancelled", committed)
        state = ItemState.CANCELLED if committed == "no" else _decide(spin.item, committed)[1]
        self._queue.settle(spin.item, state, "the run ended")

    def _record(self, error: OperationError, containment: Containment) -> None:
        cause = error.root_cause
        context = error.context
        ids = {"phase": str(context.get("phase", "")), "step_id": str(context.get("step_id", ""))}
        self._log.error(
            "failure.recorded",
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=containment.value,
            operation=str(context.get("operation") or context.get("method") or "spin.prepare"),
            detail=str(error),
            method=str(context.get("method", "")),
            url=str(context.get("url", "")),
            injected=False,
            browser_id=self._browser_id,
            **{name: value for name, value in ids.items() if value},
        )
        causes = self._figures.failures_by_cause
        causes[cause.value] = causes.get(cause.value, 0) + 1

    def _end(self, spin: Spin, outcome: str, committed: Committed) -> None:
        duration_ms = (time.monotonic_ns() - spin.started_ns) / 1e6
        self._log.info("spin.ended", outcome=outcome, committed=committed, attempt=spin.item.attempt)
        self._log.info("spin.timed", duration_ms=duration_ms, outcome=outcome, wait_ms=spin.wait_ms)
        figures = self._figures
        if outcome == "cancelled":
            return
        figures.spins += 1
        self._view.spins += 1
        self.failures_in_a_row = 0 if outcome == "completed" else self.failures_in_a_row + 1
        if outcome == "completed":
            figures.completed += 1
            figures.latency_ms.add(duration_ms)
            return
        self._view.failures += 1
        if outcome == "unknown":
            figures.unknown += 1
        else:
            figures.failed += 1


def _decide(item: WorkItem, committed: Committed) -> tuple[str, ItemState, Containment]:
    """The outcome of a spin that did not complete, what becomes of its item, and how far the failure spread."""
    match committed:
        case "unknown":
            return "unknown", ItemState.UNKNOWN, Containment.ITEM_UNKNOWN
        case "yes":
            return "failed", ItemState.DONE, Containment.ITEM_COMMITTED
        case "no" if item.has_attempts:
            return "failed", ItemState.QUEUED, Containment.ITEM_RETRIED
        case "no":
            return "failed", ItemState.FAILED, Containment.ITEM_FAILED

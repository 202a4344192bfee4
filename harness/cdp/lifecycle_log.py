"""What a lifecycle manager tells: one method an event, with the browser's ids in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from harness.basics.failures import Cause, Containment
from harness.basics.ids import new_failure_id
from harness.cdp.states import BrowserState
from harness.telemetry.pipeline import Log


class BrowserIdentity(NamedTuple):
    """What runs: told by the browser itself, not by its file name."""

    product: str
    protocol: str
    user_agent: str


class Exited(Protocol):
    """What is told of a process that has ended."""

    @property
    def pid(self) -> int:
        """Its id; 0 where it is somebody else's."""
        ...

    @property
    def exit_code(self) -> int | None:
        """None where it is not known."""
        ...

    def stderr_tail(self) -> str:
        """Its last words."""
        ...


class LifecycleLog:
    """Bound to one browser."""

    def __init__(self, log: Log, *, browser_id: str, cohort: str) -> None:
        self._log = log
        self._browser_id, self._cohort = browser_id, cohort

    def state(self, before: BrowserState, after: BrowserState, reason: str) -> None:
        """It moved to another state."""
        self._log.info(
            "browser.state",
            browser_id=self._browser_id,
            cohort=self._cohort,
            from_state=before.value,
            to_state=after.value,
            reason=reason,
        )

    def started(self, identity: BrowserIdentity, *, pid: int, kind: str, startup_ms: float) -> None:
        """It runs and answers."""
        self._log.info(
            "browser.started",
            browser_id=self._browser_id,
            cohort=self._cohort,
            product=identity.product,
            pid=pid,
            kind=kind,
            startup_ms=startup_ms,
        )

    def unsandboxed(self) -> None:
        """It runs without its sandbox."""
        self._log.warning(
            "sandbox.disabled", browser_id=self._browser_id, reason="Chromium as uid 0 cannot start with it"
        )

    def exited(self, process: Exited, *, planned: bool) -> None:
        """Its process is gone."""
        self._log.info(
            "browser.exited",
            browser_id=self._browser_id,
            cohort=self._cohort,
            pid=process.pid,
            exit_code=process.exit_code,
            planned=planned,
            stderr_tail=process.stderr_tail()[-500:],
        )

    def connected(self, *, generation: int, attempts: int) -> None:
        """A connection to it stands."""
        self._log.info(
            "cdp.connected",
            browser_id=self._browser_id,
            cohort=self._cohort,
            generation=generation,
            attempts=attempts,
        )

    def recycling(self, outcome: str, reason: str) -> None:
        """A planned restart came so far."""
        self._log.info(
            "browser.recycling", browser_id=self._browser_id, cohort=self._cohort, outcome=outcome, reason=reason
        )

    def helper_restarted(self, kind: str, count: int) -> None:
        """The browser has restarted helper processes of its own (GPU, network, storage)."""
        self._log.warning(
            "browser.helper_restarted", browser_id=self._browser_id, cohort=self._cohort, kind=kind, count=count
        )

    def fault(self, kind: str, *, made: bool) -> None:
        """A fault of the profile is made, or not; told before it happens."""
        self._log.warning("fault.injected" if made else "fault.skipped", kind=kind, browser_id=self._browser_id)

    def failure(
        self,
        cause: Cause,
        containment: Containment,
        operation: str,
        *,
        injected: bool,
        detail: str = "",
        ids: Mapping[str, str] | None = None,
    ) -> None:
        """A failure of the browser's own, for the matrix. ids: of whoever used what failed."""
        self._log.error(
            "failure.recorded",
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=containment.value,
            operation=operation,
            detail=detail or f"browser {self._browser_id}, cohort {self._cohort}",
            injected=injected,
            browser_id=self._browser_id,
            **{name: value for name, value in (ids or {}).items() if name != "browser_id"},
        )

"""The error tree: one root, branches that say what the caller can do (retry, reopen, give up, mend the input).

Each error prints as three lines: what happened, why, what to do (DESIGN, "Command surface"); each names the root cause
under which the failure matrix counts it, and whether the operation may have had its effect although it failed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from harness.basics.exit_codes import ExitCode
from harness.basics.failures import Cause


class HarnessError(Exception):
    """Root of all errors raised on purpose.

    what, why, todo: the three lines told to a person. context: operation, ids and state seen, for logs.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    code: ClassVar[str] = "internal_error"
    default_cause: ClassVar[Cause | None] = None
    default_todo: ClassVar[str] = "report this with the run folder: it is a defect of the harness"

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        todo: str = "",
        cause: Cause | None = None,
        may_have_happened: bool = False,
        **context: Any,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.why = why or "no further reason is known"
        self.todo = todo or self.default_todo
        self.cause = cause or self.default_cause
        self.may_have_happened = may_have_happened
        self.context = context

    def lines(self) -> tuple[str, str, str]:
        """What happened, why, what to do."""
        return self.what, self.why, self.todo

    def __str__(self) -> str:
        return f"{self.what} ({self.why})"


class UsageError(HarnessError):
    """The input (arguments, profile, map, secret reference) cannot be used: mend it. Exit 2."""

    exit_code = ExitCode.USAGE
    code = "unusable_input"
    default_todo = "correct the input named above and start again"


class DamagedEvidenceError(UsageError):
    """A run folder whose evidence cannot be what its run wrote: it failed its integrity check. Exit 5."""

    exit_code = ExitCode.INTEGRITY
    code = "damaged_evidence"
    default_todo = "do not rely on this run: take the folder from where it was stored first, or repeat the run"


class EnvironmentLacksError(HarnessError):
    """The machine lacks something: a browser, a port, disk space. Exit 4."""

    exit_code = ExitCode.ENVIRONMENT
    code = "environment_lacks"
    default_todo = "provide what is missing and start again; `harness doctor` shows what this machine has"


class NotPermittedError(HarnessError):
    """The caller may not do this. Exit 6."""

    exit_code = ExitCode.NOT_PERMITTED
    code = "not_permitted"


class OperationError(HarnessError):
    """An operation of a run failed; it belongs to one cell of the failure matrix and never ends the process by itself."""

    code = "operation_failed"
    default_todo = "see `harness explain` with the spin id for the chain that led here"

    @property
    def root_cause(self) -> Cause:
        """The cause counted in the failure matrix; a missing one is a defect of the raising class."""
        assert self.cause is not None, f"{type(self).__name__} was raised without a cause"
        return self.cause


class StorageError(OperationError):
    """Evidence could not be written; work that needs it stops. Exit 4."""

    exit_code = ExitCode.ENVIRONMENT
    code = "storage_failed"
    default_cause = Cause.WRITE_FAILED
    default_todo = "free disk space or choose another HARNESS_STORAGE_ROOT; what was recorded until now is readable"

"""What a step can fail with; the cause decides the row of the failure matrix."""

from __future__ import annotations

from harness.basics.errors import OperationError


class StepError(OperationError):
    """A step could not do what was recorded; `cause` is always given."""

    code = "step_failed"
    default_todo = "open the failure with `harness explain`, compare the page with the recording"


class PathUnusableError(OperationError):
    """A step was asked for something that its map or strategy does not allow; found at run time only."""

    code = "path_unusable"

"""Refusals of the coordination floor."""

from __future__ import annotations

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.basics.transitions import InvalidTransitionError


class OwnershipViolationError(OperationError):
    """A write without a valid lease was refused before a byte was sent; nothing happened."""

    code = "ownership_violation"
    default_cause = Cause.OWNERSHIP_VIOLATION


class LeaseLostError(OwnershipViolationError):
    """The lease was revoked or expired (forced reconnect, deadline): take a new one before writing again."""

    code = "lease_lost"
    default_cause = Cause.LEASE_LOST


class LockTimeoutError(OperationError):
    """A scope was not free within the deadline; the waiter has left the queue."""

    code = "lock_timeout"
    default_cause = Cause.LOCK_TIMEOUT


class InvalidOwnershipTransitionError(InvalidTransitionError):
    """Ownership was asked to move where the table has no way; both states and owners are named, nothing changed."""

    code = "invalid_ownership_transition"

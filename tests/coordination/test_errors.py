import pytest

from harness.basics.errors import OperationError
from harness.basics.failures import Category, Cause
from harness.coordination.errors import (
    InvalidOwnershipTransitionError,
    LeaseLostError,
    LockTimeoutError,
    OwnershipViolationError,
)


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        (OwnershipViolationError, Cause.OWNERSHIP_VIOLATION),
        (LeaseLostError, Cause.LEASE_LOST),
        (LockTimeoutError, Cause.LOCK_TIMEOUT),
    ],
)
def test_each_refusal_names_its_cause_and_says_that_nothing_happened(kind: type[OperationError], cause: Cause) -> None:
    error = kind("refused")
    assert error.root_cause is cause
    assert error.root_cause.category is Category.CDP
    assert not error.may_have_happened


def test_who_catches_violations_catches_lost_leases_too() -> None:
    assert issubclass(LeaseLostError, OwnershipViolationError)


def test_an_illegal_transition_is_a_defect_and_no_failure_of_an_operation() -> None:
    error = InvalidOwnershipTransitionError("ownership", "session:t1", "unowned", "active", owner="", attempted_by="w1")
    assert not isinstance(error, OperationError)
    assert (error.from_state, error.to_state, error.context["attempted_by"]) == ("unowned", "active", "w1")

from collections.abc import Iterator

import pytest

from harness.basics.errors import (
    EnvironmentLacksError,
    HarnessError,
    NotPermittedError,
    OperationError,
    StorageError,
    UsageError,
)
from harness.basics.exit_codes import ExitCode
from harness.basics.failures import Category, Cause


def _all_below(root: type[HarnessError]) -> Iterator[type[HarnessError]]:
    yield root
    for child in root.__subclasses__():
        yield from _all_below(child)


def test_an_error_tells_what_why_and_what_to_do() -> None:
    error = UsageError("the profile cannot be used", why="line 3 is wrong", todo="mend line 3", file="a.toml")
    assert error.lines() == ("the profile cannot be used", "line 3 is wrong", "mend line 3")
    assert str(error) == "the profile cannot be used (line 3 is wrong)"
    assert error.context == {"file": "a.toml"}


@pytest.mark.parametrize("kind", [HarnessError, UsageError, EnvironmentLacksError, StorageError])
def test_no_line_is_ever_empty(kind: type[HarnessError]) -> None:
    assert all(kind("something happened").lines())


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (HarnessError, ExitCode.INTERNAL),
        (UsageError, ExitCode.USAGE),
        (EnvironmentLacksError, ExitCode.ENVIRONMENT),
        (NotPermittedError, ExitCode.NOT_PERMITTED),
        (StorageError, ExitCode.ENVIRONMENT),
    ],
)
def test_each_branch_ends_the_command_with_its_exit_code(kind: type[HarnessError], code: ExitCode) -> None:
    assert kind("x").exit_code is code


def test_the_cause_given_goes_before_that_of_the_class() -> None:
    assert StorageError("x").root_cause is Cause.WRITE_FAILED
    assert StorageError("x", cause=Cause.DISK_FULL).root_cause is Cause.DISK_FULL
    assert StorageError("x").root_cause.category is Category.PERSISTENCE


def test_an_operation_error_without_a_cause_is_a_defect_of_its_class() -> None:
    with pytest.raises(AssertionError, match="OperationError"):
        _ = OperationError("x").root_cause


def test_an_error_did_not_happen_in_part_unless_it_says_so() -> None:
    assert not OperationError("x").may_have_happened
    assert OperationError("x", may_have_happened=True).may_have_happened


def test_every_error_class_is_told_by_a_code_of_its_own_words() -> None:
    for kind in _all_below(HarnessError):
        assert kind.code.replace("_", "a").isalpha()
        assert kind.code == kind.code.lower()

import pytest

from harness.basics.failures import Category, Cause


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_belongs_to_a_row_of_the_matrix(cause: Cause) -> None:
    assert isinstance(cause.category, Category)


def test_every_row_of_the_matrix_has_a_cause() -> None:
    assert {cause.category for cause in Cause} == set(Category)


@pytest.mark.parametrize(
    ("cause", "category"),
    [
        (Cause.CONNECTION_LOST, Category.CDP),
        (Cause.LOGIN_REJECTED, Category.AUTH),
        (Cause.HTTP_ERROR, Category.NAVIGATION),
        (Cause.DISK_FULL, Category.PERSISTENCE),
        (Cause.EVENTS_DROPPED, Category.TELEMETRY_SINK),
    ],
)
def test_a_cause_is_counted_where_the_readiness_contract_says(cause: Cause, category: Category) -> None:
    assert cause.category is category

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.telemetry.histogram import LogHistogram, exact_percentile

VALUES = st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e15)), min_size=1, max_size=80)
PERCENTS = st.one_of(st.sampled_from([1, 7, 50, 55, 95, 99, 99.9, 100]), st.floats(0.001, 100))


def _histogram(values: list[float]) -> LogHistogram:
    histogram = LogHistogram()
    for value in values:
        histogram.add(value)
    return histogram


@given(VALUES, PERCENTS)
def test_a_percentile_is_within_one_percent_of_the_exact_one(values: list[float], percent: float) -> None:
    exact = exact_percentile(values, percent)
    estimate = _histogram(values).percentile(percent)
    assert exact is not None
    assert estimate is not None
    assert abs(estimate - exact) <= 0.01 * exact
    assert estimate <= max(values)


@given(st.integers(-500, 2000))
def test_the_ends_of_a_bin_are_within_one_percent_too(number: int) -> None:
    for end in (math.nextafter(1.02**number, 0), 1.02**number, math.nextafter(1.02**number, math.inf)):
        histogram = _histogram([end, end * 2])
        assert histogram.percentile(50) == pytest.approx(end, rel=0.01)


@given(VALUES)
def test_count_total_mean_and_maximum_are_exact(values: list[float]) -> None:
    histogram = _histogram(values)
    assert (histogram.count, histogram.maximum) == (len(values), max(values))
    assert histogram.mean == pytest.approx(sum(values) / len(values))
    assert sum(histogram.bins.values()) + histogram.zeros == len(values)


def test_memory_is_bounded_by_the_range_and_not_by_the_count() -> None:
    histogram = _histogram([1 + number % 1000 for number in range(20_000)])
    assert len(histogram.bins) < 360


@pytest.mark.parametrize(("percent", "rank"), [(55, 55), (7, 7), (28, 28), (29, 29), (99.9, 100), (0.5, 1), (100, 100)])
def test_the_rank_is_the_nearest_one_in_spite_of_binary_fractions(percent: float, rank: int) -> None:
    assert exact_percentile([float(number) for number in range(1, 101)], percent) == rank


def test_nothing_counted_has_no_percentile_and_no_mean() -> None:
    assert LogHistogram().percentile(95) is None
    assert LogHistogram().mean is None
    assert exact_percentile([], 95) is None


@pytest.mark.parametrize("percent", [0, -1, 100.001, math.nan])
def test_a_percentage_out_of_range_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="percentile lies in"):
        _histogram([1.0]).percentile(percent)
    with pytest.raises(ValueError, match="percentile lies in"):
        exact_percentile([1.0], percent)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_and_leaves_no_trace(value: float) -> None:
    histogram = _histogram([1.0])
    with pytest.raises(ValueError, match="not a finite value"):
        histogram.add(value)
    assert (histogram.count, histogram.total, histogram.percentile(100)) == (1, 1.0, pytest.approx(1.0, rel=0.01))


def test_zero_and_below_are_answered_as_zero() -> None:
    histogram = _histogram([-5.0, 0.0, 10.0])
    assert histogram.percentile(50) == 0.0
    assert histogram.percentile(100) == pytest.approx(10.0, rel=0.01)

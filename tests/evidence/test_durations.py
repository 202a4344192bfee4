from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.durations import Durations
from harness.telemetry.histogram import exact_percentile


def durations(*values: float) -> Durations:
    made = Durations()
    for value in values:
        made.add(value)
    return made


def test_nothing_has_no_percentile() -> None:
    assert durations().percentile(95) is None
    assert durations().maximum == 0.0


def test_near_its_threshold_a_percentile_is_exact() -> None:
    made = durations(*[100.0] * 94, *[1001.0] * 6)
    assert made.percentile(95, near=1000.0) == 1001.0
    assert made.percentile(95, near=990.0) == 1001.0


def test_far_from_its_threshold_the_histogram_answers() -> None:
    made = durations(*[1001.0] * 50)
    answer = made.percentile(95, near=5000.0)
    assert answer is not None
    assert abs(answer - 1001.0) <= 0.01 * 1001.0


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=60), st.sampled_from([50.0, 95.0, 99.0]))
def test_a_percentile_is_within_one_percent_and_never_above_the_longest(values: list[float], percent: float) -> None:
    answer, exact = durations(*values).percentile(percent), exact_percentile(values, percent)
    assert answer is not None
    assert exact is not None
    assert abs(answer - exact) <= 0.0101 * exact
    assert answer <= max(values)

import pytest

from harness.readiness.finding import Finding, Status, explain_command, figure, plural


def test_a_finding_tells_its_subject_in_its_name() -> None:
    assert Finding("items", Status.PASS, "0", "0", 1).name == "items"
    assert Finding("latency_p95", Status.PASS, "1 ms", "2 ms", 1, "shop / Login").name == "latency_p95: shop / Login"


def test_a_finding_is_ready_for_json() -> None:
    found = Finding("items", Status.FAIL, "1", "0", 3, value=1.0, limit=0.0, where=("a", "b"), note="n").to_dict()
    assert found["status"] == "fail"
    assert found["where"] == ["a", "b"]
    assert set(found) == {
        "criterion",
        "subject",
        "status",
        "measured",
        "threshold",
        "value",
        "limit",
        "n",
        "where",
        "note",
    }


def test_words() -> None:
    assert explain_command("spin-1") == "harness explain spin-1"
    assert (plural(1, "spin"), plural(0, "spin")) == ("1 spin", "0 spins")


@pytest.mark.parametrize(
    ("value", "shown"), [(1234.5, "1,234"), (0.0, "0"), (999_999_999_999.0, "999,999,999,999"), (1e308, "1e+308")]
)
def test_a_figure_never_fills_a_line(value: float, shown: str) -> None:
    assert figure(value) == shown
    assert figure(12.34, 1) == "12.3"

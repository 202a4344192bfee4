from harness.readiness.finding import Status
from harness.readiness.registry import all_criteria

_EXPECTED = [
    "ending", "duration", "error_rate", "latency_p95", "throughput", "ownership", "leases_released", "telemetry",
    "failures_explained", "unknown_outcomes", "reconnect_churn", "items", "site_agreement",
]  # fmt: skip


def test_every_file_of_the_package_is_a_criterion_in_the_order_of_the_report() -> None:
    assert [criterion.name for criterion in all_criteria()] == _EXPECTED
    assert all(criterion.title for criterion in all_criteria())


def test_a_status_that_is_not_applicable_has_its_own_word() -> None:
    assert {status.value for status in Status} == {"pass", "fail", "unknown", "not_applicable"}

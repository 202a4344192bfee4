from pathlib import Path
from typing import Any

import pytest

from harness.basics.errors import UsageError
from harness.readiness.slo import Thresholds, thresholds_of
from harness.runfolder.manifest import read_manifest
from tests.evidence.run_builder import RunBuilder


def read(tmp_path: Path, criteria: dict[str, Any]) -> Thresholds:
    run = RunBuilder(tmp_path)
    run.criteria = criteria
    return thresholds_of(read_manifest(run.write()))


def test_a_manifest_without_criteria_has_the_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, {}) == Thresholds()


def test_a_path_without_its_own_limit_has_the_default(tmp_path: Path) -> None:
    limits = {"shop": {"total": 2000.0, "phases": {"Login": 700.0}}, "cabinet": {"phases": {"Spin": 5.0}}}
    found = read(tmp_path, {"p95_default_ms": 9000.0, "p95_ms": limits})
    assert (found.total_ms("shop"), found.total_ms("cabinet"), found.total_ms("other")) == (2000.0, 9000.0, 9000.0)
    assert (found.phase_ms("shop", "Login"), found.phase_ms("shop", "Buy")) == (700.0, 9000.0)
    assert (found.phase_ms("cabinet", "Spin"), found.phase_ms("other", "Login")) == (5.0, 9000.0)


@pytest.mark.parametrize(
    "criteria",
    [
        {"eror_rate_max": 0.1},
        {"error_rate_max": 1.5},
        {"min_spins": 0},
        {"min_spins": "many"},
        {"p95_ms": {"shop": {"totl": 1.0}}},
        {"p95_ms": {"shop": {"total": -1.0}}},
    ],
)
def test_criteria_that_are_unknown_or_out_of_range_are_refused(tmp_path: Path, criteria: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as told:
        read(tmp_path, criteria)
    assert told.value.why

from pathlib import Path

import pytest

from harness.evidence.reading import read_evidence
from harness.evidence.spins import Spin
from tests.evidence.run_builder import RunBuilder


def test_a_spin_tells_all_that_the_folder_says_of_it(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    spin_id = run.spin("shop", worker="w2", at_s=3.0, took_s=1.5, recorded=True)
    spin = read_evidence(run.write()).book.spins[spin_id]
    assert (spin.path, spin.worker_id, spin.outcome, spin.committed) == ("shop", "w2", "completed", "yes")
    assert (spin.duration_ms, spin.effects, spin.attempt) == (1500.0, 1, 1)
    assert (spin.ended_mono_ns - spin.started_mono_ns) == 1_500_000_000


def test_durations_are_of_completed_spins_and_of_phases_that_went_well(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.spin(took_s=2.0)
    run.spin(took_s=4.0, outcome="failed", committed="no")
    evidence = read_evidence(run.write())
    assert list(evidence.path_ms("shop").values) == [2000.0]
    assert list(evidence.phase_ms("shop", "Login").values) == [1000.0, 2000.0]
    assert list(evidence.phase_ms("shop", "Buy").values) == [1000.0]
    assert evidence.phases("shop") == ["Login", "Buy"]
    assert len(evidence.path_ms("nowhere")) == 0


@pytest.mark.parametrize(
    ("committed", "reconciled", "effects", "holds"),
    [
        ("yes", "", None, "yes"),
        ("unknown", "no", None, "no"),
        ("unknown", "unknown", None, "unknown"),
        ("unknown", "", 1, "yes"),
        ("no", "", 0, "no"),
        ("", "", None, "unknown"),
    ],
)
def test_what_is_known_last_decides_whether_the_site_holds_an_effect(
    committed: str, reconciled: str, effects: int | None, holds: str
) -> None:
    assert Spin("s", committed=committed, reconciled=reconciled, effects=effects).holds_effect == holds

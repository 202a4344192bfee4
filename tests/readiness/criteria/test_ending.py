from pathlib import Path

import pytest

from harness.runfolder.manifest import Ending
from tests.evidence.run_builder import RunBuilder
from tests.readiness.judging import status


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("completed", "pass"), ("interrupted", "unknown"), ("halted", "fail"), ("failed", "fail"), ("odd", "unknown")],
)
def test_the_reason_of_the_ending_decides(tmp_path: Path, reason: str, expected: str) -> None:
    run = RunBuilder(tmp_path)
    run.ending = Ending(reason=reason, ran_s=60.0, ended_ns=1)
    assert status(run, "ending") == expected


def test_a_run_that_died_proves_nothing(tmp_path: Path) -> None:
    assert status(RunBuilder(tmp_path).kill(), "ending") == "unknown"

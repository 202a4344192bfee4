from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.basics.exit_codes import ExitCode
from harness.evidence.failure_matrix import build_matrix
from harness.readiness.finding import Finding, Status
from harness.readiness.verdict import Verdict, evaluate
from harness.runfolder.layout import Channel
from harness.runfolder.manifest import Ending
from tests.evidence.run_builder import RunBuilder


def test_a_sound_run_is_a_go(tmp_path: Path) -> None:
    verdict = evaluate(RunBuilder(tmp_path).good_run().write())
    assert verdict.verdict == "GO"
    assert verdict.exit_code is ExitCode.OK
    assert len(verdict.reasons) == 1


def test_one_failed_criterion_is_a_no_go_with_its_reason(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path)
    run.criteria = {"p95_default_ms": 100.0}
    verdict = evaluate(run.good_run().write())
    assert verdict.verdict == "NO-GO"
    assert verdict.exit_code is ExitCode.NO_GO
    assert verdict.reasons[0].startswith("latency_p95: shop failed: 99")
    assert "wanted ≤ 100 ms (n ≥ 20); n = 40" in verdict.reasons[0]


def test_an_empty_run_is_inconclusive(tmp_path: Path) -> None:
    for run in (RunBuilder(tmp_path), RunBuilder(tmp_path).kill()):
        verdict = evaluate(run.write())
        assert verdict.verdict == "INCONCLUSIVE"
        assert verdict.exit_code is ExitCode.INCONCLUSIVE


def test_an_interrupted_run_is_inconclusive(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).good_run()
    run.ending = Ending(reason="interrupted", ran_s=30.0, ended_ns=1)
    assert evaluate(run.write()).verdict == "INCONCLUSIVE"


def test_a_killed_run_with_a_torn_tail_is_inconclusive(tmp_path: Path) -> None:
    run = RunBuilder(tmp_path).kill()
    for _ in range(20):
        run.spin()
    run.spin(end=False)
    run.lines[Channel.AUDIT].append(b'{"time_ns": 1')
    verdict = evaluate(run.write())
    assert verdict.verdict == "INCONCLUSIVE"
    assert any("torn" in reason for reason in verdict.reasons)


@given(st.lists(st.sampled_from(list(Status)), max_size=6))
def test_failures_come_first_among_the_reasons(statuses: list[Status]) -> None:
    findings = tuple(Finding(f"c{number}", status, "m", "t", 1) for number, status in enumerate(statuses))
    reasons = Verdict("r", "GO", findings, build_matrix([]), {}).reasons  # type: ignore[arg-type]
    blocking = statuses.count(Status.FAIL) + statuses.count(Status.UNKNOWN)
    assert len(reasons) == max(1, blocking)
    assert all("failed" in reason for reason in reasons[: statuses.count(Status.FAIL)])


def test_what_report_json_holds_has_stable_names(tmp_path: Path) -> None:
    report = evaluate(RunBuilder(tmp_path).good_run().write()).to_dict()
    assert set(report) == {
        "report_schema", "run_id", "verdict", "exit_code", "damaged", "reasons", "findings", "failure_matrix", "summary",
    }  # fmt: skip

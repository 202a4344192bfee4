from harness.evidence.records import FailureRecord, MethodFigures

_EMPTY = FailureRecord("", "", "", "", "", "", "", "", False, 0, 0, 0, "", "", "", "", "", "", "", "", "", "")


def test_a_failure_is_explained_by_what_was_done_and_where() -> None:
    assert _EMPTY._replace(operation="step.click", run_id="r", spin_id="s").explained
    assert _EMPTY._replace(operation="browser.process", run_id="r", browser_id="b1").explained
    assert not _EMPTY._replace(run_id="r", spin_id="s").explained
    assert not _EMPTY._replace(operation="step.click", run_id="r").explained
    assert not _EMPTY._replace(operation="step.click", spin_id="s").explained


def test_a_failure_is_found_by_its_own_id_or_the_nearest_one() -> None:
    assert _EMPTY._replace(failure_id="f", spin_id="s").example_id == "f"
    assert _EMPTY._replace(spin_id="s", run_id="r").example_id == "s"
    assert _EMPTY._replace(run_id="r").example_id == "r"


def test_commands_of_a_method_are_counted_by_outcome() -> None:
    figures = MethodFigures()
    figures.add(2.0, "ok")
    figures.add(4.0, "timeout")
    assert figures.outcomes == {"ok": 1, "timeout": 1}
    assert figures.durations_ms.count == 2

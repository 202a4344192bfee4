from __future__ import annotations

from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.basics.exit_codes import ExitCode
from harness.settings.environment import read_environment


def refusal(**environ: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read_environment(environ)
    assert caught.value.exit_code is ExitCode.USAGE
    return caught.value


def test_without_any_variable_the_defaults_hold() -> None:
    environment = read_environment({})
    assert environment.storage_root == Path("runs").absolute()
    assert environment.browser is None
    assert {variable.origin for variable in environment.variables} == {"default"}


def test_each_variable_tells_its_value_and_where_it_came_from(tmp_path: Path) -> None:
    environment = read_environment({"HARNESS_STORAGE_ROOT": str(tmp_path), "HARNESS_BROWSER": "/usr/bin/chromium"})
    told = {variable.name: (variable.value, variable.origin) for variable in environment.variables}
    assert told == {
        "HARNESS_STORAGE_ROOT": (str(tmp_path), "HARNESS_STORAGE_ROOT"),
        "HARNESS_BROWSER": ("/usr/bin/chromium", "HARNESS_BROWSER"),
    }
    assert all(variable.meaning for variable in environment.variables)


def test_the_older_name_of_the_storage_root_is_honoured(tmp_path: Path) -> None:
    environment = read_environment({"MEMORY_STORAGE_ROOT": str(tmp_path)})
    assert environment.storage_root == tmp_path
    assert environment.variables[0].origin == "MEMORY_STORAGE_ROOT"


def test_the_newer_name_wins_over_the_older_one(tmp_path: Path) -> None:
    environ = {"HARNESS_STORAGE_ROOT": str(tmp_path / "new"), "MEMORY_STORAGE_ROOT": str(tmp_path / "old")}
    assert read_environment(environ).storage_root == tmp_path / "new"


def test_a_storage_root_may_be_a_folder_that_is_still_to_be_made(tmp_path: Path) -> None:
    assert read_environment({"HARNESS_STORAGE_ROOT": str(tmp_path / "a/b")}).storage_root == tmp_path / "a/b"
    assert not (tmp_path / "a").exists()


def test_a_storage_root_may_begin_with_the_home_folder() -> None:
    assert read_environment({"HARNESS_STORAGE_ROOT": "~/runs"}).storage_root == Path.home() / "runs"


@pytest.mark.parametrize("name", ["HARNESS_STORAGE_ROOT", "MEMORY_STORAGE_ROOT"])
@pytest.mark.parametrize("value", ["", "  ", "~nobody-of-this-name/runs", "x" * 5000])
def test_a_storage_root_that_cannot_be_used_is_told_by_the_name_that_was_set(name: str, value: str) -> None:
    assert name in refusal(**{name: value}).what


def test_a_storage_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert str(file) in refusal(HARNESS_STORAGE_ROOT=str(file)).why


def test_an_empty_choice_of_browser_is_none() -> None:
    assert read_environment({"HARNESS_BROWSER": ""}).browser is None


def test_an_unknown_variable_of_ours_is_refused_with_the_nearest_name() -> None:
    error = refusal(HARNESS_STORAGE_ROT="/tmp")
    assert "HARNESS_STORAGE_ROT" in error.what
    assert "did you mean HARNESS_STORAGE_ROOT?" in error.why


def test_variables_of_the_scripts_and_of_others_are_none_of_our_business() -> None:
    read_environment({"HARNESS_PYTHON": "python3", "HARNESS_TEST_WORKERS": "2", "OTHER": "x", "MEMORY_LIMIT": "1"})


def test_the_process_environment_is_what_is_read_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_STORAGE_ROOT", str(tmp_path))
    assert read_environment().storage_root == tmp_path

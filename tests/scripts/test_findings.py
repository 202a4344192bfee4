import sys
from pathlib import Path

import pytest

from scripts.checks.findings import Finding, finish, python_files


def test_a_finding_names_its_place() -> None:
    assert str(Finding("a.py", 3, "wrong")) == "a.py:3: wrong"
    assert str(Finding("a.py", 0, "wrong")) == "a.py: wrong"


def test_python_files_are_read_from_the_named_folders_only(tmp_path: Path) -> None:
    for name in ("harness/a.py", "other/b.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("x = 1\n")
    assert [path for path, _ in python_files(tmp_path, "harness", "strategies")] == ["harness/a.py"]


def test_a_file_that_is_no_python_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness/a.py").write_text("x = 1\ndef\n")
    monkeypatch.setattr(sys, "argv", ["check", str(tmp_path)])
    with pytest.raises(SystemExit):
        finish(lambda root: [Finding(path, 0, "") for path, _ in python_files(root, "harness")])
    assert "a.py:2: is not Python" in capsys.readouterr().out


@pytest.mark.parametrize(("found", "code"), [([], 0), ([Finding("a.py", 1, "wrong")], 1)])
def test_a_check_ends_with_one_when_it_found_something(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, found: list[Finding], code: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        finish(lambda root: found)
    assert ended.value.code == code

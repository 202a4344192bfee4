from pathlib import Path

import pytest

from scripts.checks.requirements_locked import check

LOCKED = (
    "anyio==4.16.0 ; python_version >= '3.11' \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n    # via starlette\n"
)


def findings(root: Path, text: str) -> int:
    (root / "requirements").mkdir()
    (root / "requirements/run.txt").write_text(text)
    return len(list(check(root)))


def test_a_locked_requirement_is_fine(tmp_path: Path) -> None:
    assert findings(tmp_path, f"# comment\n{LOCKED}") == 0


@pytest.mark.parametrize(
    "line",
    ["--index-url x", "-i x", "--find-links x", "# from https://example.org/simple", "anyio", "anyio==4.16.0"],
)
def test_an_index_or_an_unlocked_requirement_is_found(tmp_path: Path, line: str) -> None:
    assert findings(tmp_path, f"{LOCKED}{line}\n") == 1


def test_an_index_is_found_in_scripts_and_in_foreign_lock_files(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/x").write_text("pip install --extra-index-url x\n")
    (tmp_path / "uv.lock").touch()
    assert [finding.path for finding in check(tmp_path)] == ["scripts/x", "uv.lock"]

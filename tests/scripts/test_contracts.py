import json
from enum import StrEnum
from pathlib import Path

import pytest
import typer
import typer.main

from scripts.checks.contracts import _walk, compare, declare, with_line

EMPTY = "# Changelog\n\n## [Unreleased]\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(EMPTY)
    return tmp_path


def test_a_contract_without_a_golden_file_is_told(checkout: Path) -> None:
    assert "has no golden file" in compare(checkout, "modes", lambda: {"a": 1})


def test_a_declared_contract_starts_at_version_one_and_compares_equal(checkout: Path) -> None:
    declare(checkout, "modes", lambda: {"a": 1}, "the first")
    golden = json.loads((checkout / "tests/contracts/golden/modes.json").read_text())
    assert (golden["contract"], golden["version"], golden["content"]) == ("modes", 1, {"a": 1})
    assert compare(checkout, "modes", lambda: {"a": 1}) == ""


@pytest.mark.parametrize("now", [{"a": 1, "b": 2}, {}, {"a": 2}])
def test_an_addition_a_removal_and_a_change_are_each_a_difference(checkout: Path, now: dict[str, int]) -> None:
    declare(checkout, "modes", lambda: {"a": 1}, "the first")
    told = compare(checkout, "modes", lambda: now)
    assert "version is still 1" in told
    assert "--declare modes" in told


def test_a_declared_change_raises_the_version_and_tells_the_changelog(checkout: Path) -> None:
    declare(checkout, "modes", lambda: {"a": 1}, "the first")
    declare(checkout, "modes", lambda: {"a": 2}, "two is\n better")
    assert compare(checkout, "modes", lambda: {"a": 2}) == ""
    assert "### Changed\n\n- Contract `modes`, version 2: two is better\n" in (checkout / "CHANGELOG.md").read_text()


def test_a_golden_file_edited_by_hand_is_found(checkout: Path) -> None:
    declare(checkout, "modes", lambda: {"a": 1}, "the first")
    path = checkout / "tests/contracts/golden/modes.json"
    path.write_text(path.read_text().replace('"a": 1', '"a": 2'))
    assert "edited by hand" in compare(checkout, "modes", lambda: {"a": 2})


def test_declaring_what_did_not_change_changes_nothing(checkout: Path) -> None:
    declare(checkout, "modes", lambda: {"a": 1}, "the first")
    before = (checkout / "CHANGELOG.md").read_text()
    assert "nothing to declare" in declare(checkout, "modes", lambda: {"a": 1}, "again")
    assert (checkout / "CHANGELOG.md").read_text() == before


def test_a_changelog_line_goes_to_its_section_under_unreleased() -> None:
    before = "# C\n\n## [Unreleased]\n\n### Added\n\n- a\n\n### Fixed\n\n- b\n\n## [0.1.0]\n\n### Added\n\n- old\n"
    after = (
        "# C\n\n## [Unreleased]\n\n### Added\n\n- a\n- new\n\n### Fixed\n\n- b\n\n## [0.1.0]\n\n### Added\n\n- old\n"
    )
    assert with_line(before, "Added", "- new") == after
    assert "### Fixed\n\n- b\n\n### Changed\n\n- new\n\n## [0.1.0]" in with_line(before, "Changed", "- new")


def test_a_changelog_without_unreleased_is_refused() -> None:
    with pytest.raises(ValueError, match="Unreleased"):
        with_line("# C\n", "Added", "- x")


class Speed(StrEnum):
    SLOW = "slow"
    FAST = "fast"


def test_commands_are_listed_with_what_a_caller_must_know() -> None:
    app = typer.Typer(add_completion=False)
    nav = typer.Typer()
    app.add_typer(nav, name="nav")

    @nav.command()
    def check(files: list[Path], *, json: bool = False, retries: int = 3, speed: Speed = Speed.SLOW) -> None:
        raise NotImplementedError

    @app.command()
    def doctor() -> None:
        raise NotImplementedError

    listed = dict(_walk(typer.main.get_command(app), ""))
    assert list(listed) == ["doctor", "nav", "nav check"]
    files, flag, retries, speed = listed["nav check"]
    assert (files["kind"], files["name"], files["required"], files["many"]) == ("argument", "files", True, True)
    assert flag["name"][0] == "--json"
    assert flag["default"] is False
    assert (retries["name"], retries["type"], retries["default"]) == (["--retries"], "int", 3)
    assert (speed["type"], speed["choices"], speed["default"]) == ("choice", ["slow", "fast"], "slow")

"""A profile's packages are found where Python finds them, and then beside the profile."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.settings.profile import LoadedProfile, load_profile
from harness.settings.strategies import strategies_of

PROFILE = """
title = "own strategies"
[site]
builtin = true
[[paths]]
name = "one"
map = "one.json"
[strategies]
"""
SOURCE = """
from harness.navigation import Step, StepContext, strategy

@strategy("{name}")
async def run(ctx: StepContext, step: Step) -> None:
    pass
"""


@pytest.fixture(autouse=True)
def _module_path_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def package(folder: Path, name: str, action: str) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("")
    (folder / name / "acting.py").write_text(SOURCE.format(name=action))


def profile(folder: Path, strategies: str) -> LoadedProfile:
    (folder / "mine.toml").write_text(PROFILE + strategies)
    return load_profile(str(folder / "mine.toml"))


def test_without_a_profile_the_shipped_ones_are_loaded() -> None:
    before = list(sys.path)
    assert strategies_of(None).get("click") is not None
    assert sys.path == before


def test_a_package_beside_the_profile_is_found_from_any_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "beside_the_profile", "spring")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = strategies_of(profile(tmp_path, 'packages = ["strategies", "beside_the_profile"]\nexclude = ["hover"]'))
    assert found.get("spring") is not None
    assert found.get("click") is not None
    assert found.get("hover") is None
    assert sys.path[-1] == str(tmp_path), "last: nothing there takes the place of what is installed"


def test_a_package_in_a_folder_that_the_profile_names_is_found(tmp_path: Path) -> None:
    package(tmp_path / "shared", "in_a_folder", "hop")
    assert strategies_of(profile(tmp_path, 'packages = ["in_a_folder"]\nfolders = ["shared"]')).get("hop") is not None


def test_what_the_command_line_leaves_out_is_left_out(tmp_path: Path) -> None:
    assert strategies_of(profile(tmp_path, ""), ["click"]).get("click") is None


@pytest.mark.parametrize("name", ["no_such_package", "no_such.package", ""])
def test_a_package_that_is_nowhere_is_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be loaded"):
        strategies_of(profile(tmp_path, f'packages = ["{name}"]'))

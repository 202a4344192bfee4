"""Strategies are registered once by name, and loaded only from where settings say."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.navigation.context import StepContext
from harness.navigation.map import Place, Step, Text
from harness.navigation.registry import ENTRY_POINT_GROUP, StrategyRegistry, load_strategies, strategy

SOURCE = """
from harness.navigation import Step, StepContext, strategy
@strategy({name!r})
async def run(ctx: StepContext, step: Step) -> None: ...
"""


@strategy("dance", requires=("place", "text", "selectors", "tempo"))
async def dance(ctx: StepContext, step: Step) -> None: ...


def package(folder: Path, name: str, **modules: str) -> str:
    """A package of strategies on disk: module -> the action it declares, or "" for none."""
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for module, action in modules.items():
        (folder / name / f"{module}.py").write_text(SOURCE.format(name=action) if action else "")
    return name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("extra_")]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def test_each_need_that_a_step_leaves_open_is_named() -> None:
    assert dance.missing(Step("s", "dance")) == ["place", "text", "selectors", "tempo"]
    given = Step("s", "dance", {"tempo": 0}, Place(selectors=(("#a",),)), Text(""))
    assert dance.missing(given) == []


def test_coordinates_are_a_place_but_no_selectors() -> None:
    assert "place" not in dance.missing(Step("s", "dance", place=Place(point=(0, 0))))
    assert "selectors" in dance.missing(Step("s", "dance", place=Place(point=(0, 0))))


def test_two_with_one_name_are_refused_and_both_modules_named(folder: Path) -> None:
    one, two = package(folder, "extra_one", a="jump"), package(folder, "extra_two", b="jump")
    with pytest.raises(UsageError) as refused:
        load_strategies([one, two])
    assert "extra_one.a" in refused.value.why
    assert "extra_two.b" in refused.value.why


def test_the_same_one_met_twice_is_one(folder: Path) -> None:
    name = package(folder, "extra_three", a="jump")
    (folder / name / "b.py").write_text("from extra_three.a import run\n")
    assert [item.name for item in load_strategies([name])] == ["jump"]


def test_the_shipped_ones_are_all_there() -> None:
    names = {item.name for item in load_strategies(["strategies"])}
    files = {path.stem for path in (Path(__file__).parents[2] / "strategies").glob("[!_]*.py")}
    assert names == files


@pytest.mark.parametrize(
    ("modules", "what"), [({"a": ""}, "holds no strategies"), (None, "cannot be loaded")], ids=["empty", "missing"]
)
def test_a_package_that_brings_nothing_is_refused(folder: Path, modules: dict[str, str] | None, what: str) -> None:
    name = "extra_none" if modules is None else package(folder, "extra_empty", **modules)
    with pytest.raises(UsageError, match=what):
        load_strategies([name])


def test_a_package_with_a_mistake_in_it_is_refused_and_not_a_crash(folder: Path) -> None:
    name = package(folder, "extra_broken", a="jump")
    (folder / name / "b.py").write_text("def oops(:\n")
    with pytest.raises(UsageError, match="cannot be loaded") as refused:
        load_strategies([name])
    assert "SyntaxError" in refused.value.why


@pytest.mark.parametrize("leaving", ["sys.exit(0)", "raise SystemExit"])
def test_a_module_that_wants_to_end_the_process_is_refused_by_name_and_does_not(folder: Path, leaving: str) -> None:
    name = package(folder, "extra_leaving", a="jump")
    (folder / name / "b.py").write_text(f"import sys\n{leaving}\n")
    with pytest.raises(UsageError, match="cannot be loaded") as refused:
        load_strategies([name])
    assert refused.value.why.startswith("module extra_leaving.b: SystemExit")


def installed(folder: Path, name: str, module: str) -> None:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{name} = {module}\n")
    importlib.invalidate_caches()


def test_an_installed_package_is_loaded_only_when_it_is_named(folder: Path) -> None:
    installed(folder, "jumping", package(folder, "extra_jumping", a="jump"))
    assert "jump" not in {item.name for item in load_strategies(["strategies"])}
    assert "extra_jumping" not in sys.modules
    assert "jump" in {item.name for item in load_strategies(["strategies"], ["jumping"])}


def test_an_entry_point_that_is_not_installed_is_refused_with_those_that_are(folder: Path) -> None:
    installed(folder, "jumping", package(folder, "extra_jumping", a="jump"))
    with pytest.raises(UsageError) as refused:
        load_strategies(["strategies"], ["jumpign"])
    assert "jumping" in refused.value.why


def test_the_nearest_name_is_proposed() -> None:
    registry = StrategyRegistry([dance])
    assert registry.nearest("danse") == "dance"
    assert registry.nearest("zzz") is None


def test_names_to_leave_out_must_be_there() -> None:
    registry = StrategyRegistry([dance])
    assert len(registry.without(["dance"])) == 0
    assert registry.get("dance") is dance
    with pytest.raises(UsageError, match="jump"):
        registry.without(["jump"])

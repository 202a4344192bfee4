"""What docs/strategies.md shows is true: its strategy loads, its tests pass, its map can be run."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path

import pytest

from harness.navigation.check import find_problems
from harness.navigation.readers import read_map
from harness.navigation.registry import load_strategies

GUIDE = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "our_strategies"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "drag.py").write_text(blocks("python")[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("our_strategies")]:
        monkeypatch.delitem(sys.modules, name)
    return "our_strategies"


async def test_the_tests_of_the_guide_pass(package: str) -> None:
    assert package
    names: dict[str, object] = {}
    exec(compile(blocks("python")[1], "docs/strategies.md", "exec"), names)
    tests = [test for name, test in names.items() if name.startswith("test_") and callable(test)]
    assert len(tests) == 2
    for test in tests:
        result = test()
        if inspect.isawaitable(result):
            await result


def test_the_map_of_the_guide_can_be_run_with_it_and_not_without(package: str, tmp_path: Path) -> None:
    step = json.loads(blocks("json")[0])
    path = tmp_path / "radio.json"
    phases = [{"name": "Replay", "steps": [step]}]
    path.write_text(json.dumps({"format": "harness-map", "version": 1, "title": "Radio", "phases": phases}))
    found = read_map(path)
    assert found.drift == ()
    assert find_problems(found.map, load_strategies(["strategies", package])) == []
    assert len(find_problems(found.map, load_strategies(["strategies"]))) == 1

"""A strategy that is not of the house drives a real page through the same port: the one of docs/strategies.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.navigation.map import Step
from harness.navigation.registry import load_strategies
from tests.browser.live import Tab, css

GUIDE = Path(__file__).parents[2] / "docs" / "strategies.md"


async def test_the_slider_of_the_guide_is_dragged(tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "dragging.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    tab._registry = load_strategies(["dragging"])
    await tab.show("<input id=volume type=range min=0 max=100 value=50 style='width:216px'>")
    await tab.replay(Step("louder", "drag", {"dx": 60}, css("#volume")))
    assert await tab.js("Number(volume.value)") > 65

"""`harness strategy list` shows what a map's actions can be."""

from __future__ import annotations

import json

import pytest

from harness.cli.main import main

Capture = pytest.CaptureFixture[str]


def test_each_strategy_is_a_line_with_its_needs_and_scope(capsys: Capture) -> None:
    assert main(["strategy", "list"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "needs place" in lines["click"]
    assert "holds clipboard" in lines["clip"]
    assert "releases clipboard" in lines["paste"]
    assert list(lines) == sorted(lines)


def test_as_json_each_has_a_purpose(capsys: Capture) -> None:
    assert main(["strategy", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["strategies"]
    assert all(row["purpose"] for row in rows)
    (clip,) = [row for row in rows if row["name"] == "clip"]
    assert (clip["module"], clip["requires"], clip["holds"]) == ("strategies.clip", ["text"], "clipboard")

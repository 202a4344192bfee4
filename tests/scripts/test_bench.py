"""How benches are listed, chosen and shown; what they measure is not tested here."""

from __future__ import annotations

import importlib
import json

import pytest

from scripts.benches.__main__ import benches, main
from scripts.benches.figures import BenchOptions, Figure, show_figures

FIGURES = [Figure("round trip", 12.5, "µs", "≤ 20 µs", True, "bare loop 10 µs"), Figure("peak", None, "", ok=False)]


def test_every_bench_says_what_it_measures_and_can_be_run() -> None:
    for name, text in benches().items():
        assert text, name
        assert callable(importlib.import_module(f"scripts.benches.{name.replace('-', '_')}").run)


def test_figures_are_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    show_figures(FIGURES, BenchOptions())
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["figure", "value", "unit", "target", "ok", "against"]
    assert first == "round trip  12.5   µs    ≤ 20 µs  ok      bare loop 10 µs"
    assert second.split() == ["peak", "-", "NOT", "OK"]


def test_figures_are_one_object_a_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    options = BenchOptions(json=True)
    options.say("setting up")
    show_figures(FIGURES, options)
    captured = capsys.readouterr()
    assert [json.loads(line) for line in captured.out.splitlines()] == [figure._asdict() for figure in FIGURES]
    assert captured.err == "setting up\n"


def test_without_a_name_the_benches_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in benches())


@pytest.mark.parametrize("arguments", [["reconect"], ["--fast", "reconnect"], ["one", "two"]])
def test_wrong_usage_is_told_in_three_lines(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    what, why, todo = capsys.readouterr().err.splitlines()
    assert what.startswith("bench: ")
    assert why.startswith("  why: ")
    assert todo.startswith("  to do: ")


def test_the_parts_that_are_wanted_reach_the_bench(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[BenchOptions] = []
    name = next(iter(benches()))
    module = importlib.import_module(f"scripts.benches.{name.replace('-', '_')}")
    monkeypatch.setattr(module, "run", lambda options: seen.append(options) or FIGURES)
    assert main([name, "--only", "ours,bare", "--quick"]) == 0
    assert seen == [BenchOptions(quick=True, only=("ours", "bare"))]
    assert main([name, "--only"]) == 2
    assert capsys.readouterr().err.startswith("bench: unknown option --only")

"""Our own form: strict about types, tolerant about unknown fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import AssertedNavigation, Conditional, Gate, Place, Step, Text, Viewport
from harness.navigation.readers import ReadMap, read_map_bytes

OPEN: dict[str, Any] = {"id": "open", "action": "navigate", "url": "/cabinet"}


def read(*steps: Any, phase: dict[str, Any] | None = None, **root: Any) -> ReadMap:
    phases = [{"name": "Login", "steps": [OPEN, *steps], **(phase or {})}]
    content = {"format": "harness-map", "version": 1, "title": "Cabinet", "phases": phases, **root}
    return read_map_bytes(json.dumps(content).encode(), "maps/cabinet.map.json")


def last(**step: Any) -> Step:
    return list(read({"id": "next", "action": "click", **step}).map.steps())[-1][1]


def refusal(*steps: Any, **root: Any) -> str:
    with pytest.raises(MapError) as refused:
        read(*steps, **root)
    return refused.value.why


def test_a_whole_map_is_read_without_drift() -> None:
    result = read(phase={"credential": True, "deadline_s": 10}, viewport={"width": 1000, "height": 700}, timeout_s=5)
    (phase,) = result.map.phases
    assert (phase.name, phase.credential, phase.deadline_s) == ("Login", True, 10.0)
    assert (result.map.format, result.map.viewport, result.map.timeout_s) == ("harness-map", Viewport(1000, 700), 5.0)
    assert phase.steps == (Step("open", "navigate", {"url": "/cabinet"}),)
    assert result.drift == ()


def test_every_field_of_a_step_reaches_the_model() -> None:
    step = last(
        on="#cabinet",
        at={"rx": 0.31, "ry": 0.42},
        text={"credential": "account"},
        verify={"entry": [{"selector": "#a"}], "exit": [{"expression": "1"}, {"url": "/x"}]},
        conditional={"expression": "2", "on_true": "open"},
        asserted={"url": "/cart"},
        timeout_s=2,
        delay_s=0.5,
        retries=1,
        commits=True,
        target="https://a.test/popup",
    )
    assert step.place == Place((("#cabinet",),), relative=(0.31, 0.42))
    assert step.text == Text(credential="account")
    assert (step.entry, step.exit) == ((Gate("selector", "#a"),), (Gate("expression", "1"), Gate("url", "/x")))
    assert step.conditional == Conditional("2", "open", None)
    assert step.asserted == AssertedNavigation("/cart")
    assert (step.timeout_s, step.delay_s, step.retries, step.commits) == (2.0, 0.5, 1, True)
    assert (step.target, step.params) == ("https://a.test/popup", {})


def test_what_a_strategy_reads_passes_untouched() -> None:
    assert last(hold_s=1.5, anything={"Deep": [None]}).params == {"hold_s": 1.5, "anything": {"Deep": [None]}}


def test_params_of_the_known_actions_are_no_near_misses() -> None:
    names = ("key", "button", "device_type", "duration_s", "hold_s", "x", "y", "width", "height", "scale", "expression")
    more = (
        "operator",
        "count",
        "visible",
        "properties",
        "attributes",
        "device_scale_factor",
        "latency_s",
        "name",
        "for_s",
    )
    assert read({"id": "b", "action": "click", **dict.fromkeys((*names, *more), 1)}).drift == ()


def test_prose_is_kept_and_told() -> None:
    result = read({"id": "b", "action": "click", "verify": {"exit": ["the reels stand still"]}})
    assert [line.code for line in result.drift] == ["prose_gate"]


def test_a_phase_that_enters_a_credential_logs_in_unless_it_says_otherwise() -> None:
    clip = {"id": "clip", "action": "clip", "text": {"credential": "secret"}}
    assert read(clip).map.phases[0].credential
    assert not read(clip, phase={"credential": False}).map.phases[0].credential


@pytest.mark.parametrize("name", ["verfy", "retrys", "timeoutS", "timeout", "commit"])
def test_a_near_miss_of_a_field_is_told_and_kept(name: str) -> None:
    result = read({"id": "b", "action": "click", name: 1})
    assert [(line.code, line.field) for line in result.drift] == [("unknown_step_field", name)]
    assert list(result.map.steps())[-1][1].params == {name: 1}


def test_unknown_fields_of_root_phase_and_verify_are_told() -> None:
    result = read({"id": "b", "action": "click", "verify": {"until": 1}}, phase={"color": 1}, author="me")
    assert {line.code for line in result.drift} == {"unknown_root_field", "unknown_phase_field", "unknown_step_field"}
    assert result.map.extra == {"author": "me"}
    assert result.map.phases[0].extra == {"color": 1}


def test_phases_of_one_name_are_told_apart() -> None:
    phases = [{"name": "Spin", "steps": [{"id": name, "action": "click"}]} for name in "ab"]
    result = read(phases=phases)
    assert [phase.name for phase in result.map.phases] == ["Spin", "Spin-2"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"action": "click"}, "field id is missing"),
        ({"id": "b"}, "field action is missing"),
        ({"id": 2, "action": "click"}, "must be text"),
        ({"id": "a\tb", "action": "click"}, "printable"),
        ({"id": "b", "action": "doubleClick"}, "'double_click' is meant"),
        ({"id": "open", "action": "click"}, "earlier step"),
        ({"id": "b", "action": "click", "timeout_s": 31}, "outside 0.001..30"),
        ({"id": "b", "action": "click", "retries": -1}, "outside 0..100"),
        ({"id": "b", "action": "click", "commits": 1}, "true or false"),
        ({"id": "b", "action": "click", "delay_s": "1"}, "must be a number"),
        ({"id": "b", "action": "click", "conditional": {"on_true": "open"}}, "conditional.expression is missing"),
        ({"id": "b", "action": "click", "conditional": {"expression": "1", "on_true": "nowhere"}}, "'nowhere'"),
        ({"id": "b", "action": "click", "verify": []}, "must be an object"),
        ([], "is a list, not a step"),
    ],
)
def test_a_wrong_step_is_refused(step: Any, reason: str) -> None:
    assert reason in refusal(step)


@pytest.mark.parametrize(
    ("root", "reason"),
    [
        ({"version": 2}, "reads version 1"),
        ({"version": None}, "reads version 1"),
        ({"format": "other-map"}, "harness-map"),
        ({"phases": []}, "at least one step"),
        ({"phases": None}, "at least one step"),
        ({"phases": {}}, "must be a list"),
        ({"phases": [{"name": "A", "steps": []}]}, "at least one step"),
        ({"phases": [{"steps": [OPEN]}]}, "name is missing"),
        ({"phases": ["Login"]}, "not a phase"),
        ({"viewport": {"width": 0, "height": 1}}, "outside 1..16384"),
        ({"timeout_s": 0}, "outside"),
    ],
)
def test_a_wrong_root_is_refused(root: dict[str, Any], reason: str) -> None:
    assert reason in refusal(**root)

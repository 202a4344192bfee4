"""The older step-config form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Conditional, Gate, Place, Step, Text, Viewport
from harness.navigation.readers import ReadMap, read_map_bytes

OPEN: dict[str, Any] = {"stepId": "open", "phase": "Login", "action": "navigate", "url": "/cabinet"}


def read(*steps: Any, **root: Any) -> ReadMap:
    content = {"name": "Cabinet", "steps": [OPEN, *steps], **root}
    return read_map_bytes(json.dumps(content).encode(), "maps/cabinet.step-config.json")


def result_of(**step: Any) -> tuple[Step, list[str]]:
    result = read({"stepId": "next", "phase": "Login", "action": "click", **step})
    return list(result.map.steps())[-1][1], [line.code for line in result.drift]


def last(**step: Any) -> Step:
    return result_of(**step)[0]


def refusal(**step: Any) -> str:
    with pytest.raises(MapError) as refused:
        last(**step)
    return refused.value.why


def test_consecutive_steps_of_a_phase_form_it() -> None:
    steps = [
        {"stepId": f"{n}", "phase": phase, "action": "click"} for n, phase in enumerate(["Login", "Spin", "Login"])
    ]
    result = read(*steps, viewport={"width": 1000, "height": 700}, timeoutMs=4000)
    assert [(phase.name, len(phase.steps)) for phase in result.map.phases] == [
        ("Login", 2),
        ("Spin", 1),
        ("Login-2", 1),
    ]
    assert [line.code for line in result.drift] == ["repeated_phase"]
    assert (result.map.title, result.map.format, result.map.viewport) == ("Cabinet", "step-config", Viewport(1000, 700))
    assert result.map.timeout_s == 4.0


def test_every_field_of_a_step_reaches_the_model() -> None:
    step, codes = result_of(
        action="longPress",
        selector="#cabinet",
        coordinates={"rx": 0.5, "ry": 0.25},
        text="${credential.secret}",
        verification={"entryGate": {"selector": "#a"}, "exitGate": {"expression": "1"}},
        conditional={"expression": "2", "onTrue": {"goto": "open"}, "onFalse": "next"},
        delayMs=20,
        holdMs=1500,
        timeoutMs=3000,
        retries=2,
        commits=True,
    )
    assert (step.action, step.place) == ("long_press", Place((("#cabinet",),), relative=(0.5, 0.25)))
    assert step.text == Text(credential="secret")
    assert (step.entry, step.exit) == ((Gate("selector", "#a"),), (Gate("expression", "1"),))
    assert step.conditional == Conditional("2", "open", "next")
    assert (step.delay_s, step.timeout_s, step.retries, step.commits) == (0.02, 3.0, 2, True)
    assert (step.params, codes) == ({"hold_s": 1.5}, [])


def test_known_params_get_snake_case_names_and_unknown_fields_are_kept_and_told() -> None:
    step, codes = result_of(action="keyDown", key="Enter", deviceType="pen", colour="red")
    assert (step.action, step.params) == ("key_down", {"key": "Enter", "device_type": "pen"})
    assert (step.extra, codes) == ({"colour": "red"}, ["unknown_step_field"])


def test_a_wait_carries_its_duration_in_seconds() -> None:
    assert last(action="wait", durationMs=250).params == {"duration_s": 0.25}


def test_a_click_that_is_held_is_a_click_with_a_duration() -> None:
    assert last(holdMs=200).params == {"duration_s": 0.2}


def test_value_is_another_name_of_text() -> None:
    assert last(value="pear").text == Text("pear")
    assert last(value="${credential.account}").text == Text(credential="account")


def test_text_gates_are_prose() -> None:
    step, codes = result_of(verification={"entryGate": "the page is there", "exitGate": ["1 < 2", {"url": "/a"}]})
    assert step.entry == (Gate("prose", "the page is there"),)
    assert step.exit == (Gate("prose", "1 < 2"), Gate("url", "/a"))
    assert codes == ["prose_gate"] * 2


def test_a_conditional_without_expression_branches_on_the_exit_gate_which_then_fails_nothing() -> None:
    exit_gates = [{"expression": "ready"}, {"selector": "#a"}]
    step, codes = result_of(verification={"exitGate": exit_gates}, conditional={"onFalse": "open"})
    assert step.conditional == Conditional("ready", None, "open")
    assert (step.exit, codes) == ((Gate("selector", "#a"),), ["conditional_on_exit_gate"])


def test_relative_coordinates_count_before_pixels() -> None:
    step, codes = result_of(selector="#c", coordinates={"rx": 0.5, "ry": 0.5, "x": 10, "y": 20})
    assert (step.place.relative, step.place.offset, codes) == ((0.5, 0.5), None, ["two_positions"])


def test_pixels_are_a_point_without_an_element_and_an_offset_within_one() -> None:
    assert last(coordinates={"x": 10, "y": 20}).place == Place(point=(10.0, 20.0))
    assert last(selectors=[["#c"]], coordinates={"x": 10, "y": 20}).place == Place((("#c",),), offset=(10.0, 20.0))


def test_the_one_selector_comes_before_the_others() -> None:
    assert last(selector="#a", selectors=[["#b"], ["#a"]]).place.selectors == (("#b",), ("#a",))
    assert last(selector="#a", selectors=[["#b"]]).place.selectors == (("#a",), ("#b",))


def test_missing_ids_and_phases_are_mended() -> None:
    result = read({"action": "click"}, {"stepId": 7, "phase": "Spin", "action": "click"})
    assert [(phase.name, step.id) for phase, step in result.map.steps()][1:] == [("Login", "s002-click"), ("Spin", "7")]
    assert [line.code for line in result.drift] == ["missing_step_id", "missing_phase", "number_as_id"]


def test_a_phase_that_enters_a_credential_logs_in() -> None:
    assert read({**OPEN, "stepId": "b", "text": "${credential.account}"}).map.phases[0].credential


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"action": None}, "field action is missing"),
        ({"action": "!"}, "names no action"),
        ({"stepId": "open"}, "earlier step"),
        ({"phase": "a\nb"}, "printable"),
        ({"text": "me ${credential.account}"}, "alone"),
        ({"text": "a", "value": "b"}, "only one of them"),
        ({"coordinates": {}}, "rx and ry, or x and y"),
        ({"coordinates": {"rx": 2, "ry": 0}}, "outside 0..1"),
        ({"conditional": {"expression": "1", "onTrue": "nowhere"}}, "'nowhere'"),
        ({"conditional": {"expression": "1", "onTrue": {}}}, "goto is missing"),
        ({"conditional": {"onTrue": "open"}}, "not one expression to branch on"),
        ({"conditional": {"onTrue": "open"}, "verification": {"exitGate": "all is well"}}, "branch on"),
        ({"timeoutMs": 0}, "outside 1..30000"),
        ({"holdMs": -1}, "outside 0..30000"),
    ],
)
def test_a_wrong_step_is_refused(step: dict[str, Any], reason: str) -> None:
    assert reason in refusal(**step)

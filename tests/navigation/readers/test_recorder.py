"""Recorder exports: every step type, and a fixture of its own for each repair."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import AssertedNavigation, Place, Step, Text, Viewport
from harness.navigation.readers import ReadMap, read_map_bytes
from harness.navigation.readers.recorder import nearest_type

VIEWPORT = {
    "type": "setViewport",
    "width": 900,
    "height": 700,
    "deviceScaleFactor": 1,
    "isMobile": False,
    "hasTouch": False,
    "isLandscape": False,
}
NAVIGATE = {
    "type": "navigate",
    "url": "https://shop.test/",
    "assertedEvents": [{"type": "navigation", "url": "https://shop.test/", "title": "Shop"}],
}
BUTTON: dict[str, Any] = {"target": "main", "selectors": [["aria/Buy"], ["#buy"]]}
CLICK: dict[str, Any] = {"type": "click", **BUTTON, "offsetX": 10, "offsetY": 5}


def read(*steps: Any, **root: Any) -> ReadMap:
    content = {"title": "Shop", "steps": [VIEWPORT, NAVIGATE, *steps], **root}
    return read_map_bytes(json.dumps(content).encode(), "maps/shop.json")


def last(*steps: Any, **root: Any) -> Step:
    return list(read(*steps, **root).map.steps())[-1][1]


def codes(*steps: Any, **root: Any) -> list[str]:
    return [line.code for line in read(*steps, **root).drift]


def refusal(*steps: Any, **root: Any) -> str:
    with pytest.raises(MapError) as refused:
        read(*steps, **root)
    return refused.value.why


def test_a_clean_recording_is_one_phase_without_drift() -> None:
    result = read(CLICK, timeout=2000)
    (phase,) = result.map.phases
    assert (phase.name, [step.id for step in phase.steps]) == (
        "Replay",
        ["s001-set-viewport", "s002-navigate", "s003-click"],
    )
    assert (result.map.title, result.map.format, result.map.timeout_s) == ("Shop", "recorder", 2.0)
    assert result.map.viewport == Viewport(900, 700)
    assert result.drift == ()


def test_a_click_keeps_its_alternatives_offset_and_button() -> None:
    step = last({**CLICK, "button": "secondary", "deviceType": "pen", "duration": 300, "frame": [0, 1], "timeout": 500})
    assert step.place == Place((("aria/Buy",), ("#buy",)), (0, 1), offset=(10.0, 5.0))
    assert step.params == {"button": "secondary", "device_type": "pen", "duration_s": 0.3}
    assert step.timeout_s == 0.5


def test_what_a_click_does_not_say_is_left_to_its_strategy() -> None:
    assert last(CLICK).params == {}


@pytest.mark.parametrize(
    ("raw", "action", "params"),
    [
        ({"type": "doubleClick", **BUTTON, "offsetX": 1, "offsetY": 1}, "double_click", {}),
        ({"type": "hover", **BUTTON}, "hover", {}),
        ({"type": "keyDown", "target": "main", "key": "Enter"}, "key_down", {"key": "Enter"}),
        ({"type": "keyUp", "target": "main", "key": "Enter"}, "key_up", {"key": "Enter"}),
        ({"type": "scroll", "target": "main", "y": 300.5}, "scroll", {"x": 0.0, "y": 300.5}),
        (
            {
                "type": "waitForElement",
                **BUTTON,
                "operator": "==",
                "count": 2,
                "visible": False,
                "attributes": {"a": "b"},
            },
            "wait_for_element",
            {"operator": "==", "count": 2, "visible": False, "attributes": {"a": "b"}},
        ),
        ({"type": "waitForExpression", "expression": "a < b"}, "wait_for_expression", {"expression": "a < b"}),
        (
            {"type": "emulateNetworkConditions", "download": 50000, "upload": 20000, "latency": 150},
            "emulate_network_conditions",
            {"download_bytes_per_s": 50000.0, "upload_bytes_per_s": 20000.0, "latency_s": 0.15},
        ),
        ({"type": "close"}, "close", {}),
        ({"type": "customStep", "name": "verify total", "parameters": {"sum": 3}}, "verify_total", {"sum": 3}),
        ({"type": "customStep", "name": "screenshot"}, "screenshot", {}),
    ],
)
def test_each_step_type_becomes_its_action(raw: dict[str, Any], action: str, params: dict[str, Any]) -> None:
    step = last(raw)
    assert (step.action, step.params, step.extra) == (action, params, {})


def test_a_changes_value_is_the_text_it_enters() -> None:
    step = last({"type": "change", **BUTTON, "value": ""})
    assert (step.action, step.text, step.params) == ("change", Text(literal=""), {})


@pytest.mark.parametrize(
    ("parameters", "text"),
    [({"text": "pear"}, Text("pear")), ({"credential": "secret"}, Text(credential="secret"))],
)
def test_clip_as_a_custom_step_carries_its_text(parameters: dict[str, Any], text: Text) -> None:
    step = last({"type": "customStep", "name": "clip", "parameters": {**parameters, "hold": 1}})
    assert (step.action, step.text, step.params) == ("clip", text, {"hold": 1})


def test_an_asserted_navigation_belongs_to_its_step() -> None:
    step = last({**CLICK, "assertedEvents": [{"type": "navigation", "url": "https://shop.test/cart", "title": "Cart"}]})
    assert step.asserted == AssertedNavigation("https://shop.test/cart", "Cart")


def test_a_target_of_its_own_is_kept() -> None:
    assert last({**CLICK, "target": "https://shop.test/popup"}).target == "https://shop.test/popup"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("fractional_offset", {**CLICK, "offsetX": 10.5}),
        ("single_selector", {**CLICK, "selectors": [["#buy"]]}),
        ("flat_selectors", {**CLICK, "selectors": ["#buy", "text/Buy"]}),
        ("css_prefix", {**CLICK, "selectors": [["css/#buy"], ["text/Buy"]]}),
        ("volatile_selector", {**CLICK, "selectors": [["#\\:r1\\:"], ["text/Buy"]]}),
        ("missing_target", {key: value for key, value in CLICK.items() if key != "target"}),
        ("missing_offsets", {"type": "click", **BUTTON}),
        ("missing_offsets", {"type": "click", **BUTTON, "offsetX": 4}),
        (
            "empty_asserted_title",
            {**CLICK, "assertedEvents": [{"type": "navigation", "url": "https://a.test", "title": ""}]},
        ),
        ("unknown_asserted_event", {**CLICK, "assertedEvents": [{"type": "download"}]}),
        ("several_asserted_navigations", {**CLICK, "assertedEvents": [{"type": "navigation"}, {"type": "navigation"}]}),
        ("unknown_step_field", {**CLICK, "stepOptions": {"name": "x"}}),
        ("unknown_step_type", {"type": "snapshot"}),
        ("navigate_without_assertion", {"type": "navigate", "url": "https://a.test"}),
        ("partial_viewport", {"type": "setViewport", "width": 10, "height": 10}),
        ("string_for_boolean", {**VIEWPORT, "isMobile": "false"}),
        ("unbalanced_keys", {"type": "keyDown", "target": "main", "key": "Alt"}),
        ("unbalanced_keys", {"type": "keyUp", "target": "main", "key": "Alt"}),
    ],
)
def test_each_anomaly_of_a_step_is_one_line_and_nothing_more(code: str, step: dict[str, Any]) -> None:
    assert codes(step) == [code]


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("missing_title", {"steps": [VIEWPORT, NAVIGATE]}),
        ("unknown_root_field", {"title": "t", "createdAt": "now", "steps": [VIEWPORT, NAVIGATE]}),
        ("no_leading_viewport", {"title": "t", "steps": [NAVIGATE, VIEWPORT]}),
        ("no_navigate", {"title": "t", "steps": [VIEWPORT, CLICK]}),
    ],
)
def test_each_anomaly_of_the_whole_is_one_line(code: str, content: dict[str, Any]) -> None:
    result = read_map_bytes(json.dumps(content).encode(), "maps/shop.json")
    assert [line.code for line in result.drift] == [code]


def test_a_bare_list_of_steps_is_called_after_its_file() -> None:
    result = read_map_bytes(json.dumps([VIEWPORT, NAVIGATE]).encode(), "maps/shop.json")
    assert [line.code for line in result.drift] == ["bare_steps", "missing_title"]
    assert result.map.title == "shop"


def test_fractional_offsets_are_one_line_for_the_whole_file_and_kept() -> None:
    steps = [{**CLICK, "offsetX": 10.5}] * 3
    (line,) = read(*steps).drift
    assert (line.code, line.found) == ("fractional_offset", "3 steps")
    assert last(*steps).place.offset == (10.5, 5.0)


def test_missing_offsets_mean_the_centre() -> None:
    assert last({"type": "click", **BUTTON}).place.offset is None


def test_a_later_viewport_still_is_the_design_viewport() -> None:
    content = {"title": "t", "steps": [NAVIGATE, {**VIEWPORT, "width": 0, "height": 0}, VIEWPORT]}
    assert read_map_bytes(json.dumps(content).encode(), "x").map.viewport == Viewport(900, 700)


def test_unknown_fields_are_kept_at_the_root_and_in_the_step() -> None:
    result = read({**CLICK, "stepOptions": {"name": "x"}}, createdAt="now", selectorAttribute="data-test")
    assert result.map.extra == {"createdAt": "now", "selector_attribute": "data-test"}
    assert list(result.map.steps())[-1][1].extra == {"stepOptions": {"name": "x"}}


def test_an_unknown_type_keeps_all_that_a_strategy_of_its_name_would_need() -> None:
    result = read({"type": "fillSlowly", "selectors": [["#mail"], ["text/M"]], "value": "a@b.test", "pauseMs": 5})
    step = list(result.map.steps())[-1][1]
    assert (step.action, step.place.selectors[0], step.text) == ("fill_slowly", ("#mail",), Text("a@b.test"))
    assert step.params == {"pause_ms": 5}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("fill", "change"),
        ("dblclick", "doubleClick"),
        ("clik", "click"),
        ("WaitForElment", "waitForElement"),
        ("zzz", None),
    ],
)
def test_the_nearest_known_type_is_named(name: str, nearest: str | None) -> None:
    assert nearest_type(name) == nearest
    (line,) = (line for line in read({"type": name}).drift if line.code == "unknown_step_type")
    assert (nearest or "no known type") in line.done


def test_balanced_keys_are_no_drift_and_a_held_key_is_told_at_its_press() -> None:
    down, up = ({"type": kind, "target": "main", "key": "Shift"} for kind in ("keyDown", "keyUp"))
    assert codes(down, CLICK, up) == []
    (line,) = read(down, down).drift
    assert (line.step, line.done) == ("s003-key-down", "released at the end")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"type": "click"}, "acts on an element"),
        ({"type": "click", "selectors": []}, "acts on an element"),
        ({"type": "change", **BUTTON}, "field value is missing"),
        ({"type": "change", **BUTTON, "value": 5}, "field value must be text"),
        ({"type": "navigate"}, "field url is missing"),
        ({"type": "navigate", "url": ""}, "field url is empty"),
        ({"type": "keyDown"}, "field key is missing"),
        ({"type": "waitForExpression"}, "field expression is missing"),
        ({"type": "setViewport", "width": 5}, "field height is missing"),
        ({"type": "emulateNetworkConditions", "download": 1, "upload": 1}, "field latency is missing"),
        ({"type": "customStep"}, "field name is missing"),
        ({"type": "customStep", "name": "??"}, "names no action"),
        ({"type": ""}, "field type is empty"),
        ({"selectors": []}, "field type is missing"),
        (5, "is a number, not a step"),
        ({**CLICK, "timeout": 0}, r"outside 1..30000"),
        ({**CLICK, "timeout": 30_001}, r"outside 1..30000"),
        ({**CLICK, "offsetX": "12"}, "must be a number"),
        ({**CLICK, "button": "left"}, "one of primary"),
        ({**CLICK, "frame": ["0"]}, "child-frame indices"),
        ({**CLICK, "assertedEvents": {}}, "must be a list"),
    ],
)
def test_a_step_that_cannot_be_run_is_refused_with_its_reason(step: Any, reason: str) -> None:
    why = refusal(step)
    assert why.startswith(("step 3", "step s003"))
    assert reason in why


def test_a_timeout_of_the_whole_out_of_range_is_refused() -> None:
    assert "field timeout" in refusal(timeout=60_000)


def test_no_drift_line_and_no_refusal_shows_what_a_step_types() -> None:
    secret = "hunter2-hunter2"
    result = read({"type": "change", "selectors": ["#p"], "value": secret, "note": secret}, secret=secret)
    assert result.drift
    assert all(secret not in str(line) for line in result.drift)
    assert secret not in refusal({"type": "change", **BUTTON, "value": [secret]})

"""From a file to a map: the form is found by content; bounds hold; nothing but MapError escapes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.navigation.drift import MapError
from harness.navigation.readers import MAX_BYTES, MAX_STEPS, ReadMap, read_map, read_map_bytes

ROOT = Path(__file__).parents[3]
MAPS = ROOT / "profiles" / "maps"
RECORDED = {"title": "t", "steps": [{"type": "navigate", "url": "https://a.test/"}]}
OWN = {"format": "harness-map", "version": 1, "phases": [{"name": "A", "steps": [{"id": "a", "action": "close"}]}]}
CLASSIC = {"name": "t", "steps": [{"stepId": "a", "phase": "A", "action": "close"}]}
Reading = Callable[..., ReadMap]


@pytest.mark.parametrize(("content", "form"), [(RECORDED, "recorder"), (OWN, "harness-map"), (CLASSIC, "step-config")])
def test_the_form_is_found_by_content_whatever_the_file_is_called(content: Any, form: str, tmp_path: Path) -> None:
    path = tmp_path / "any.thing"
    path.write_text(json.dumps(content))
    assert read_map(path).map.format == form
    assert read_map(str(path)).map.source == str(path)


def test_a_step_without_a_type_does_not_turn_a_recording_into_another_form(read: Reading) -> None:
    with pytest.raises(MapError, match="step 2: field type is missing"):
        read({"steps": [RECORDED["steps"][0], {"action": "click"}]})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"custom": "json"}, "it has no steps"),
        ({"steps": []}, "it has no steps"),
        ([], "it has no steps"),
        ({"steps": {"a": 1}}, "its steps are an object"),
        ({"steps": None}, "its steps are null"),
        ({"steps": [1, "x", {}]}, "no step has a type"),
        ({"phases": []}, "field format"),
        ({"format": "selenium", "steps": [{}]}, "field format"),
        ("5", "it is a number"),
        ("null", "it is null"),
        ("<html>", "it is not JSON"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_reason(content: Any, reason: str, read: Reading) -> None:
    with pytest.raises(MapError) as refused:
        read(content)
    what, why, todo = refused.value.lines()
    assert "maps/checkout.json" in what
    assert reason in why
    assert todo


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent.json", tmp_path, tmp_path / "pipe", "a\0b", "/dev/zero"):
        with pytest.raises(MapError, match="cannot be used"):
            read_map(path)


def test_a_file_of_100_mb_is_refused_after_its_first_8_mib(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with pytest.raises(MapError, match="larger than 8 MiB"):
        read_map(path)
    assert MAX_BYTES == 8 * 1024 * 1024


def test_a_million_steps_are_refused(read: Reading) -> None:
    with pytest.raises(MapError, match="cannot be used"):
        read('{"steps":[' + "{}," * 1_000_000 + "{}]}")


@pytest.mark.parametrize(
    "content",
    [
        {"steps": [{"type": "close"}] * (MAX_STEPS + 1)},
        {
            **OWN,
            "phases": [{"name": n, "steps": [{"id": "a", "action": "close"}] * (MAX_STEPS // 2 + 1)} for n in "ab"],
        },
    ],
)
def test_steps_are_bounded_over_all_phases(content: Any, read: Reading) -> None:
    with pytest.raises(MapError, match="more than 10,000"):
        read(content)


def test_as_many_steps_as_are_allowed_can_be_read(read: Reading) -> None:
    click = {"type": "click", "target": "main", "selectors": [["aria/A"], ["#a"]], "offsetX": 1, "offsetY": 1}
    assert len(list(read({"title": "t", "steps": [click] * MAX_STEPS}).map.steps())) == MAX_STEPS


def test_ten_thousand_levels_are_refused(read: Reading) -> None:
    with pytest.raises(MapError, match="levels deep"):
        read('{"steps":' + "[" * 10_000 + "]" * 10_000 + "}")


def test_the_cabinet_map_is_read_without_drift() -> None:
    result = read_map(MAPS / "cabinet.map.json")
    assert [phase.name for phase in result.map.phases] == ["Login", "Select", "Spin", "Logout"]
    assert [phase.credential for phase in result.map.phases] == [True, False, False, False]
    assert [step.id for _, step in result.map.steps() if step.commits] == ["spin"]
    assert result.drift == ()


def test_the_cabinet_map_in_the_older_form_tells_only_its_prose_gate() -> None:
    result = read_map(MAPS / "cabinet-classic.step-config.json")
    assert [phase.name for phase in result.map.phases] == ["Login", "Select", "Spin", "Logout"]
    assert [line.code for line in result.drift] == ["prose_gate"]


@pytest.mark.parametrize("name", ["cabinet.map.json", "cabinet-classic.step-config.json"])
def test_the_cabinet_maps_use_shares_alone_and_clip_both_fields(name: str) -> None:
    steps = [step for _, step in read_map(MAPS / name).map.steps()]
    assert all(step.place.offset is None and step.place.point is None for step in steps)
    entered = [step.text.credential for step in steps if step.action == "clip" and step.text is not None]
    assert entered == ["account", "secret"]
    assert all(steps[position + 1].action == "paste" for position, step in enumerate(steps) if step.action == "clip")


# ---- whatever is read: a map or a MapError ----


def read_or_refuse(data: bytes) -> None:
    """Any other exception fails the test."""
    try:
        result = read_map_bytes(data, "fuzz.json")
    except MapError:
        return
    ids = [step.id for _, step in result.map.steps()]
    assert ids
    assert len(ids) == len(set(ids))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=8)
NAMES = st.sampled_from(
    [
        *("type", "action", "stepId", "id", "selectors", "on", "at", "rx", "x", "frame", "value", "text", "credential"),
        *("url", "key", "verify", "verification", "exitGate", "conditional", "onTrue", "goto", "timeout", "timeoutMs"),
        *("parameters", "name", "steps", "phases", "format", "target", "assertedEvents", "width"),
    ]
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(NAMES, v, max_size=4), max_leaves=12)
TYPES = st.sampled_from(
    [
        "navigate",
        "click",
        "change",
        "keyDown",
        "scroll",
        "waitForElement",
        "setViewport",
        "customStep",
        "clip",
        "close",
        "huh",
    ]
)
STEPS = st.builds(
    lambda kind, form, rest: {**rest, **dict.fromkeys(form, kind)},
    TYPES,
    st.sampled_from([("type",), ("action", "stepId"), ("action", "id")]),
    st.dictionaries(NAMES, VALUES, max_size=5),
)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text('{}[],:"/*\\ntrue1.e-', max_size=60).map(str.encode))
def test_no_bytes_escape_as_another_error(data: bytes) -> None:
    read_or_refuse(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=3), st.dictionaries(NAMES, VALUES, max_size=3), st.booleans())
def test_no_value_in_any_field_escapes_as_another_error(steps: list[Any], root: dict[str, Any], own: bool) -> None:
    inside = {"format": "harness-map", "version": 1, "phases": [{"name": "A", "steps": steps}]}
    read_or_refuse(json.dumps({**root, **(inside if own else {"steps": steps})}).encode())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_mutation_of_a_good_map_escapes_as_another_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["cabinet.map.json", "cabinet-classic.step-config.json"]))
    raw = bytearray((MAPS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw) - 1))
        end = min(len(raw), start + data.draw(st.integers(0, 40)))
        raw[start:end] = data.draw(st.binary(max_size=4) | st.sampled_from([b"null", b"1", b'"x"', b"{}", b"[]", b","]))
    read_or_refuse(bytes(raw))

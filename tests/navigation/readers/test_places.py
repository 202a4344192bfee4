"""Places: pixels mean an offset within an element, or a point of the viewport without one."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Place
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.places import read_place
from harness.navigation.readers.report import DriftReport


def place(**raw: Any) -> Place:
    return read_place(Fields(raw, DriftReport("a.json"), "spin"))


def test_an_element_by_its_centre_a_share_or_an_offset() -> None:
    assert place(on="#c") == Place((("#c",),))
    assert place(on="#c", at={"rx": 0.25, "ry": 1}) == Place((("#c",),), relative=(0.25, 1.0))
    assert place(on="#c", at={"x": 3, "y": -4.5}) == Place((("#c",),), offset=(3.0, -4.5))


def test_without_an_element_a_share_or_a_point_of_the_viewport() -> None:
    assert place(at={"rx": 0.5, "ry": 0.5}) == Place(relative=(0.5, 0.5))
    assert place(at={"x": 10, "y": 20}) == Place(point=(10.0, 20.0))


def test_selectors_in_the_recorders_shape_and_a_frame() -> None:
    assert place(selectors=[["host", "#a"]], frame=[0, 1]) == Place((("host", "#a"),), (0, 1))


@pytest.mark.parametrize(
    "raw",
    [
        {"on": "#c", "selectors": [["#d"]]},
        {"on": ""},
        {"on": ["#c"]},
        {"at": {}},
        {"at": {"rx": 0.5}},
        {"at": {"x": 1}},
        {"at": {"rx": 0.5, "ry": 0.5, "x": 1, "y": 1}},
        {"at": {"rx": 1.01, "ry": 0}},
        {"at": {"rx": "0.5", "ry": 0}},
        {"frame": [-1]},
        {"frame": [True]},
        {"frame": 0},
    ],
)
def test_an_ambiguous_or_impossible_place_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(MapError, match="step spin: field"):
        place(**raw)

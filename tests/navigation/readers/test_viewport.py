"""Viewports: required sides, defaults for the rest."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Viewport
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import DriftReport
from harness.navigation.readers.viewport import read_viewport


def viewport(raw: dict[str, Any], *, recorded: bool = False, camel: bool = True) -> tuple[Viewport, list[str]]:
    report = DriftReport("a.json")
    found = read_viewport(Fields(raw, report), camel=camel, recorded=recorded)
    return found, [line.code for line in report.lines()]


def test_both_spellings_are_read() -> None:
    expected = Viewport(360, 640, 2.0, is_mobile=True, has_touch=True, is_landscape=False)
    camel = {"width": 360, "height": 640, "deviceScaleFactor": 2, "isMobile": True, "hasTouch": True}
    snake = {"width": 360, "height": 640, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    assert viewport(camel) == (expected, [])
    assert viewport(snake, camel=False) == (expected, [])


def test_a_partial_recorded_viewport_gets_its_defaults_and_one_line() -> None:
    assert viewport({"width": 1280, "height": 720}, recorded=True) == (Viewport(1280, 720), ["partial_viewport"])


def test_a_recorded_side_of_zero_is_kept_and_told() -> None:
    found, codes = viewport({"width": 0, "height": 0, "deviceScaleFactor": 1}, recorded=True)
    assert (found.width, found.height, codes) == (0, 0, ["partial_viewport", "empty_viewport"])


def test_a_fraction_is_rounded() -> None:
    assert viewport({"width": 999.5, "height": 700}) == (Viewport(1000, 700), ["fractional_viewport"])


@pytest.mark.parametrize("raw", [{}, {"width": 10}, {"width": 0, "height": 1}, {"width": 1e6, "height": 1}])
def test_a_viewport_without_usable_sides_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(MapError, match=r"width|height"):
        viewport(raw)

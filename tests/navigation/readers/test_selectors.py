"""Selectors: alternatives keep their order, chains stay whole, oddities are told."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Chain
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import DriftReport
from harness.navigation.readers.selectors import is_volatile, read_selectors


def selected(raw: Any) -> tuple[tuple[Chain, ...], list[str]]:
    report = DriftReport("a.json")
    chains = read_selectors(Fields({"selectors": raw}, report, "s001-click"))
    return chains, [line.code for line in report.lines()]


def test_alternatives_keep_their_order_and_a_list_of_texts_is_one_chain() -> None:
    raw = [["aria/Search"], ["my-host", "#inner"], ["xpath///a"]]
    assert selected(raw) == ((("aria/Search",), ("my-host", "#inner"), ("xpath///a",)), [])


def test_flat_texts_are_alternatives_of_their_own_and_never_a_chain() -> None:
    assert selected(["#a", ["b", "c"], "text/d"]) == ((("#a",), ("b", "c"), ("text/d",)), ["flat_selectors"])


def test_a_text_instead_of_a_list_is_the_only_alternative() -> None:
    assert selected("#a") == ((("#a",),), ["selectors_not_a_list"])


def test_a_leading_css_prefix_is_left_out_in_each_part() -> None:
    assert selected([["css/host", "css/#a"]]) == ((("host", "#a"),), ["css_prefix"])


def test_empty_alternatives_are_left_out() -> None:
    assert selected([[], [""], ["#a"]]) == ((("#a",),), ["empty_selector"])


@pytest.mark.parametrize("raw", [{}, 1, [1], [["a", 1]], [[["a"]]], [["host", ""]], [["css/"]]])
def test_what_is_no_selector_is_refused(raw: Any) -> None:
    with pytest.raises(MapError, match="field selectors"):
        selected(raw)


def test_a_generated_name_is_told_once_a_step_and_kept() -> None:
    chains, codes = selected([["#\\:r1\\:"], ["div.Login_wrapper__HXgOk span"]])
    assert len(chains) == 2
    assert codes == ["volatile_selector"]


@pytest.mark.parametrize(
    "selector",
    [
        "#\\:r1\\:",
        'xpath///*[@id=":r1:"]',
        "div.switch__UX80q button",
        ".sc-fKgJPi",
        "#ember123",
        "#radix-4",
        "div.container_a8f2bc12 > form",
        "#f47ac10b-58cc-4372-a567-0e02b2c3d479",
    ],
)
def test_generated_names_look_volatile(selector: str) -> None:
    assert is_volatile(selector)


@pytest.mark.parametrize(
    "selector",
    [
        "#cabinet",
        "div.block__title",
        ".block__title--wide",
        "li:nth-child(21) > a",
        ".css-grid",
        "a:hover",
        "#order-2024",
    ],
)
def test_names_given_by_people_do_not(selector: str) -> None:
    assert not is_volatile(selector)


def test_texts_and_accessible_names_are_never_volatile() -> None:
    assert not is_volatile("aria/Room :r1:")
    assert not is_volatile("text/part__UX80q")

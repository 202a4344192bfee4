"""Names that readers make: actions in snake_case, numbered ids, titles."""

from __future__ import annotations

import pytest

from harness.navigation.drift import MapError
from harness.navigation.readers.names import action_name, check_name, numbered_id, snake_case, title_of
from harness.navigation.readers.report import DriftReport


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("click", "click"),
        ("waitForElement", "wait_for_element"),
        ("wait for-element", "wait_for_element"),
        ("set_viewport", "set_viewport"),
        ("verify dashboard loaded", "verify_dashboard_loaded"),
        ("parseJSONBody", "parse_json_body"),
        ("  clip! ", "clip"),
        ("…", ""),
    ],
)
def test_every_spelling_gives_one_action(name: str, action: str) -> None:
    assert snake_case(name) == action


@pytest.mark.parametrize("name", ["!?", "x" * 300])
def test_a_type_that_names_no_action_is_refused(name: str) -> None:
    with pytest.raises(MapError, match="names no action"):
        action_name(name, DriftReport("a.json"), "3", "type")


def test_numbered_ids_sort_and_stay_short() -> None:
    assert numbered_id(1, "wait_for_element") == "s001-wait-for-element"
    assert len(numbered_id(10_000, "x" * 200)) < 80


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[31m", "x" * 201])
def test_names_that_cannot_be_printed_on_one_line_are_refused(name: str) -> None:
    with pytest.raises(MapError, match="printable"):
        check_name(name, DriftReport("a.json"), field="id")


@pytest.mark.parametrize("title", [None, "", "  "])
def test_a_map_without_title_is_called_after_its_file(title: str | None) -> None:
    report = DriftReport("maps/cabinet.map.json")
    assert title_of(title, report) == "cabinet"
    assert [line.code for line in report.lines()] == ["missing_title"]


def test_a_title_is_one_printable_line() -> None:
    assert title_of(" One\nspin ", DriftReport("a.json")) == "One spin"

"""Gates: exactly one condition each; prose is kept and never evaluated; a goto leads somewhere."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Conditional, Gate, Step
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.gates import check_steps, read_gates
from harness.navigation.readers.report import DriftReport


def gates(raw: Any) -> tuple[tuple[Gate, ...], list[str]]:
    report = DriftReport("a.json")
    found = read_gates(Fields({"exit": raw}, report, "open", "verify."), "exit")
    return found, [line.code for line in report.lines()]


def test_each_kind_of_condition_is_read_in_order() -> None:
    raw = [{"expression": "1"}, {"selector": "#a"}, {"url": "/cart"}]
    assert gates(raw) == ((Gate("expression", "1"), Gate("selector", "#a"), Gate("url", "/cart")), [])


def test_one_gate_needs_no_list() -> None:
    assert gates({"selector": "#a"}) == ((Gate("selector", "#a"),), [])
    assert gates(None) == ((), [])


def test_prose_is_kept_and_told_even_where_it_looks_like_code() -> None:
    assert gates("document.title === 'x'") == ((Gate("prose", "document.title === 'x'"),), ["prose_gate"])


def test_an_unknown_field_of_a_gate_is_told() -> None:
    assert gates({"url": "/a", "note": "x"}) == ((Gate("url", "/a"),), ["unknown_gate_field"])


@pytest.mark.parametrize("raw", [{}, {"url": "/a", "selector": "#a"}, [1], {"url": ""}, {"expression": 1}])
def test_a_gate_without_exactly_one_condition_is_refused(raw: Any) -> None:
    with pytest.raises(MapError, match=r"field verify\.exit"):
        gates(raw)


def test_a_repeated_id_is_refused() -> None:
    with pytest.raises(MapError, match="step a: has the id of an earlier step"):
        check_steps([Step("a", "click"), Step("a", "click")], DriftReport("a.json"))


def test_a_goto_leads_to_a_step_that_may_stand_earlier() -> None:
    steps = [Step("a", "click"), Step("b", "click", conditional=Conditional("1", "a", None))]
    check_steps(steps, DriftReport("a.json"))
    with pytest.raises(MapError, match="goes to step 'z'"):
        check_steps([*steps, Step("c", "click", conditional=Conditional("1", None, "z"))], DriftReport("a.json"))

from __future__ import annotations

from typing import Any

import pytest

from harness.testing.sim_browser.expressions import UNDEFINED, Effect, Place, Thrown, answer_to, evaluate, remote
from harness.testing.sim_browser.model import SimContext, SimPage
from harness.testing.sim_browser.site import Document


@pytest.fixture
def place() -> Place:
    page = SimPage("T", SimContext("C"), "L", url="http://x/a", title="A")
    page.document = Document(expressions={"cart.total": 12.5})
    return Place(page, "Agent/1", "clipped")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1", 1),
        ("1 + 1", 2),
        ("6 * 7", 42),
        ("'a;b'", "a;b"),
        ('"x".repeat(3)', "xxx"),
        ("({a: 1, b: [true, null]})", {"a": 1, "b": [True, None]}),
        ("[1, 2]", [1, 2]),
        ("undefined", UNDEFINED),
        ("window.kept", UNDEFINED),
        ("window.kept = 42; window.kept", 42),
        ("document.title", "A"),
        ("document.title = 'B'; document.title", "B"),
        ("location.href", "http://x/a"),
        ("document.cookie = 'k=v; path=/'; document.cookie", "k=v"),
        ("navigator.userAgent", "Agent/1"),
        ("navigator.clipboard.readText()", "clipped"),
        ("cart.total", 12.5),
    ],
)
def test_an_expression_has_its_value(place: Place, expression: str, value: Any) -> None:
    assert evaluate(expression, place) == value


@pytest.mark.parametrize(
    ("expression", "effect"),
    [
        ("new Promise(() => {})", Effect("forever")),
        ("for(;;){}", Effect("busy")),
        ("while (true);", Effect("busy")),
        ("confirm('really?')", Effect("dialog", "confirm", "really?")),
        ("alert()", Effect("dialog", "alert", "")),
        ("window.close()", Effect("close")),
        ("window.open('/b')", Effect("open", "/b")),
        ("location.href = '/b'", Effect("navigate", "/b", value="/b")),
        ("1; alert('first'); window.never = 1", Effect("dialog", "alert", "first")),
    ],
)
def test_what_an_expression_does_is_left_to_the_browser(place: Place, expression: str, effect: Effect) -> None:
    assert evaluate(expression, place) == effect
    assert place.page.variables == {}


def test_what_is_thrown_and_what_is_not_understood_are_told_apart_from_values(place: Place) -> None:
    assert evaluate("throw new TypeError('no')", place) == Thrown("TypeError", "no")
    assert evaluate("document.querySelector('a')", place) == Thrown(
        "ReferenceError", "document.querySelector('a') is not defined"
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (UNDEFINED, {"type": "undefined"}),
        (None, {"type": "object", "subtype": "null", "value": None}),
        (True, {"type": "boolean", "value": True}),
        (2, {"type": "number", "value": 2, "description": "2"}),
        ({"a": 1}, {"type": "object", "value": {"a": 1}}),
    ],
)
def test_a_value_is_told_as_a_remote_object(value: Any, told: dict[str, Any]) -> None:
    assert remote(value, by_value=True) == told


def test_an_object_that_is_not_wanted_by_value_is_told_by_its_handle() -> None:
    assert remote({}, by_value=False, handle="1.2")["objectId"] == "1.2"


def test_dialogs_return_what_javascript_returns() -> None:
    assert answer_to("alert", accept=True) is UNDEFINED
    assert answer_to("confirm", accept=False) is False
    assert [answer_to("prompt", accept=yes, text="Ada") for yes in (True, False)] == ["Ada", None]

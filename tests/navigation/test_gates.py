"""Gates open when their condition holds; the one that stays closed is named."""

from __future__ import annotations

import anyio
import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.gates import holds, wait_open
from harness.navigation.map import Gate
from harness.testing.fake_page import FakePage, found

SELECTOR, EXPRESSION = Gate("selector", "#done"), Gate("expression", "ready")


async def test_prose_is_always_open(page: FakePage) -> None:
    assert await holds(page, Gate("prose", "the cart is shown"))
    assert page.calls == []


@pytest.mark.parametrize(
    ("elements", "is_open"), [([], False), ([found(visible=False)], False), ([found(visible=False), found()], True)]
)
async def test_a_selector_must_find_something_visible(page: FakePage, elements: list[object], is_open: bool) -> None:
    page.answer("survey", elements)
    assert await holds(page, SELECTOR) is is_open


@pytest.mark.parametrize(("url", "is_open"), [("http://a.test/cart?x", True), ("http://a.test/login", False)])
async def test_a_url_is_compared_by_its_beginning(page: FakePage, url: str, is_open: bool) -> None:
    page.url = url
    assert await holds(page, Gate("url", "http://a.test/cart")) is is_open


async def test_an_expression_that_throws_is_a_closed_gate(page: FakePage) -> None:
    page.answer("holds", StepError("threw", cause=Cause.EXPRESSION_FAILED), True)
    assert not await holds(page, EXPRESSION)
    assert await holds(page, EXPRESSION)


async def test_other_failures_are_told(page: FakePage) -> None:
    page.answer("holds", StepError("500", cause=Cause.HTTP_ERROR))
    with pytest.raises(StepError, match="500"):
        await holds(page, EXPRESSION)


async def test_all_gates_must_be_open_at_once(page: FakePage) -> None:
    page.answer("holds", True, False, True)
    page.answer("survey", [], [found()])
    await wait_open(page, [EXPRESSION, SELECTOR])
    assert page.names() == ["holds", "survey", "holds", "holds", "survey"]


async def test_the_closed_gate_is_named(page: FakePage) -> None:
    page.answer("survey", [])
    with anyio.move_on_after(0.01):
        await wait_open(page, [EXPRESSION, SELECTOR])
    assert page.last_miss is not None
    assert page.last_miss == (Cause.GATE_FAILED, "the selector gate is closed: #done")

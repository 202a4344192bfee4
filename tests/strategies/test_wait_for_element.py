"""Elements are counted, visible ones only, until as many are there as were recorded."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from harness.navigation import Cause, Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage, found
from strategies.wait_for_element import wait_for_element

PLACE = Place(selectors=((".row",),))


def step(**params: Any) -> Step:
    return Step("s", "wait_for_element", params, PLACE)


@pytest.mark.parametrize(
    ("params", "elements"),
    [
        ({}, [found()]),
        ({"operator": "==", "count": 2}, [found(), found(), found(visible=False)]),
        ({"operator": "<=", "count": 0}, []),
        ({"properties": {"value": "x"}}, [found(value="y"), found(value="x")]),
        ({"visible": False}, [found(visible=False)]),
        ({"visible": False}, []),
    ],
)
async def test_it_returns_when_the_condition_holds(
    page: FakePage, ctx: FakeContext, params: dict[str, Any], elements: list[dict[str, Any]]
) -> None:
    page.answer("survey", elements)
    await wait_for_element.run(ctx, step(**params))
    assert len(page.calls) == 1


@pytest.mark.parametrize(
    ("params", "elements"),
    [
        ({}, []),
        ({}, [found(visible=False)]),
        ({"operator": "==", "count": 2}, [found()]),
        ({"properties": {"value": "x"}}, [found(value="y")]),
        ({"attributes": {"data-ready": "yes"}}, [found()]),
        ({"visible": False}, [found()]),
    ],
)
async def test_until_then_it_waits_and_says_what_it_sees(
    page: FakePage, ctx: FakeContext, params: dict[str, Any], elements: list[dict[str, Any]]
) -> None:
    page.answer("survey", elements)
    with anyio.move_on_after(0.01) as deadline:
        await wait_for_element.run(ctx, step(**params))
    assert deadline.cancelled_caught
    assert page.last_miss is not None
    assert page.last_miss.cause is Cause.ELEMENT_NOT_FOUND


async def test_an_element_that_comes_late_is_found(page: FakePage, ctx: FakeContext) -> None:
    page.answer("survey", [], [found()])
    await wait_for_element.run(ctx, step())
    assert len(page.calls) == 2

"""An expression is asked again until it is truthy; one that throws is false, and its error is told."""

from __future__ import annotations

import anyio
import pytest

from harness.navigation import Cause, Step, StepError
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.wait_for_expression import wait_for_expression

STEP = Step("s", "wait_for_expression", {"expression": "window.ready"})
THROWS = StepError("an expression threw", why="ReferenceError: ready", cause=Cause.EXPRESSION_FAILED)


async def test_it_asks_until_the_answer_is_true(page: FakePage, ctx: FakeContext) -> None:
    page.answer("holds", False, THROWS, True)
    await wait_for_expression.run(ctx, STEP)
    assert page.calls == [("holds", "window.ready")] * 3


async def test_the_last_error_is_told_at_the_deadline(page: FakePage, ctx: FakeContext) -> None:
    page.answer("holds", THROWS)
    with anyio.move_on_after(0.01):
        await wait_for_expression.run(ctx, STEP)
    assert page.last_miss is not None
    assert page.last_miss.text == "ReferenceError: ready"


async def test_other_failures_are_not_swallowed(page: FakePage, ctx: FakeContext) -> None:
    page.answer("holds", StepError("gone", cause=Cause.HTTP_ERROR))
    with pytest.raises(StepError, match="gone"):
        await wait_for_expression.run(ctx, STEP)

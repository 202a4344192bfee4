"""A long press holds the button between press and release."""

from __future__ import annotations

import anyio

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.long_press import long_press

STEP = Step("s", "long_press", {"hold_s": 3600}, Place(selectors=(("#go",),)))


async def test_the_button_is_down_while_it_holds(page: FakePage, ctx: FakeContext) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(long_press.run, ctx, STEP)
        await anyio.wait_all_tasks_blocked()
        assert page.names() == ["point", "mouseMoved", "mousePressed"]
        tasks.cancel_scope.cancel()


async def test_afterwards_it_is_released(page: FakePage, ctx: FakeContext) -> None:
    await long_press.run(ctx, Step("s", "long_press", {"hold_s": 0}, STEP.place))
    assert page.names()[-1] == "mouseReleased"

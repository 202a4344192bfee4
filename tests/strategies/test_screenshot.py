"""A picture becomes an artefact with a name."""

from __future__ import annotations

import pytest

from harness.navigation import Cause, Clip, Step, StepError
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.screenshot import screenshot


async def test_the_viewport_is_saved_under_the_steps_id(page: FakePage, ctx: FakeContext) -> None:
    await screenshot.run(ctx, Step("s3", "screenshot"))
    assert page.calls == [("screenshot", None)]
    assert ctx.saved == {"s3.png": b"\x89PNG\r\n\x1a\n"}


async def test_a_region_is_cut_out_and_may_have_a_name(page: FakePage, ctx: FakeContext) -> None:
    region = {"x": 1, "y": 2, "width": 30, "height": 40}
    await screenshot.run(ctx, Step("s3", "screenshot", {"clip": region, "name": "cart"}))
    assert page.calls == [("screenshot", Clip(1, 2, 30, 40, 1.0))]
    assert list(ctx.saved) == ["cart.png"]


@pytest.mark.parametrize("region", [{}, {"x": 1}, "all", {"x": 0, "y": 0, "width": 1, "height": 1, "depth": 1}])
async def test_a_region_that_is_none_is_a_fault_of_the_map(page: FakePage, ctx: FakeContext, region: object) -> None:
    with pytest.raises(StepError) as refused:
        await screenshot.run(ctx, Step("s3", "screenshot", {"clip": region}))
    assert refused.value.cause is Cause.STEP_INVALID
    assert page.calls == []

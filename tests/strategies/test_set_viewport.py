"""The recorded viewport is emulated with all its fields."""

from __future__ import annotations

from harness.navigation import Step, Viewport
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.set_viewport import set_viewport


async def test_recorded_fields_arrive_and_the_rest_have_defaults(page: FakePage, ctx: FakeContext) -> None:
    params = {"width": 390, "height": 844, "device_scale_factor": 3, "is_mobile": True, "unknown": 1}
    await set_viewport.run(ctx, Step("s", "set_viewport", params))
    assert page.calls == [("set_viewport", Viewport(390, 844, 3, is_mobile=True))]

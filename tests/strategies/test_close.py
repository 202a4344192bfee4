"""Closing closes the page."""

from __future__ import annotations

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.close import close


async def test_the_page_is_closed(page: FakePage, ctx: FakeContext) -> None:
    await close.run(ctx, Step("s", "close"))
    assert page.names() == ["close"]

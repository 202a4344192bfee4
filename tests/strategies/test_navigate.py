"""Navigating asks the page to go."""

from __future__ import annotations

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.navigate import navigate


async def test_the_page_goes_to_the_url(page: FakePage, ctx: FakeContext) -> None:
    await navigate.run(ctx, Step("s", "navigate", {"url": "http://shop.test/"}))
    assert page.url == "http://shop.test/"
    assert navigate.missing(Step("s", "navigate")) == ["url"]

"""A double click is one click with count 1 and one with count 2."""

from __future__ import annotations

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.double_click import double_click


async def test_the_page_sees_click_counts_one_and_two(page: FakePage, ctx: FakeContext) -> None:
    await double_click.run(ctx, Step("s", "double_click", place=Place(selectors=(("#go",),))))
    assert [call[3] for call in page.calls if call[0] == "mousePressed"] == [1, 2]
    assert [call[3] for call in page.calls if call[0] == "mouseReleased"] == [1, 2]

"""Scrolling sets a position, of an element or of the document."""

from __future__ import annotations

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.scroll import scroll


async def test_without_selectors_the_document_of_the_frame_scrolls(page: FakePage, ctx: FakeContext) -> None:
    await scroll.run(ctx, Step("s", "scroll", {"y": 300}, Place(frame=(1,))))
    assert page.calls == [("run.scroll", 0.0, 300.0)]
    assert page.places == [Place(selectors=(("html",),), frame=(1,))]


async def test_with_selectors_the_element_scrolls(page: FakePage, ctx: FakeContext) -> None:
    place = Place(selectors=(("#list",),))
    await scroll.run(ctx, Step("s", "scroll", {"x": 5, "y": 7}, place))
    assert (page.calls, page.places) == ([("run.scroll", 5.0, 7.0)], [place])

"""Paste uses the page's own button where it has a place, and the keyboard where it has none."""

from __future__ import annotations

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.paste import paste


async def test_without_a_place_it_goes_to_the_focus(page: FakePage, ctx: FakeContext) -> None:
    await paste.run(ctx, Step("s", "paste"))
    assert page.names() == ["paste_at_focus"]


async def test_with_a_place_it_clicks_there(page: FakePage, ctx: FakeContext) -> None:
    await paste.run(ctx, Step("s", "paste", place=Place(relative=(0.1, 0.9))))
    assert page.names() == ["point", "mouseMoved", "mousePressed", "mouseReleased"]


def test_the_clipboard_is_given_back() -> None:
    assert paste.releases == "clipboard"

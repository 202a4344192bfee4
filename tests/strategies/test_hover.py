"""Hovering moves the pointer and nothing else."""

from __future__ import annotations

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import AT, FakePage
from strategies.hover import hover


async def test_hovering_has_no_effect_and_takes_a_disabled_element(page: FakePage, ctx: FakeContext) -> None:
    await hover.run(ctx, Step("s", "hover", place=Place(selectors=(("#go",),))))
    assert page.calls == [("point", "even if disabled"), ("mouseMoved", AT)]
    assert page.effects == 0

"""A click is move, press, release at one point, with the recorded button."""

from __future__ import annotations

import pytest

from harness.navigation import Place, Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import AT, FakePage
from strategies.click import click

PLACE = Place(selectors=(("#go",),))


async def test_a_click_moves_presses_and_releases(page: FakePage, ctx: FakeContext) -> None:
    await click.run(ctx, Step("s", "click", place=PLACE))
    assert page.calls == [
        ("point",),
        ("mouseMoved", AT),
        ("mousePressed", AT, "left", 1),
        ("mouseReleased", AT, "left", 1),
    ]
    assert page.places == [PLACE]


@pytest.mark.parametrize(
    ("recorded", "button"),
    [("primary", "left"), ("auxiliary", "middle"), ("secondary", "right"), ("back", "back"), ("forward", "forward")],
)
async def test_recorded_buttons_are_the_browsers(page: FakePage, ctx: FakeContext, recorded: str, button: str) -> None:
    await click.run(ctx, Step("s", "click", {"button": recorded}, PLACE))
    assert page.calls[-1] == ("mouseReleased", AT, button, 1)


def test_a_click_needs_a_place() -> None:
    assert click.missing(Step("s", "click")) == ["place"]
    assert click.missing(Step("s", "click", place=Place(relative=(0.5, 0.5)))) == []

"""Typing sends keys where there are keys, and inserts the rest."""

from __future__ import annotations

import pytest

from harness.navigation import Cause, Place, Step, StepError, Text
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.type import type_text


async def test_keys_for_letters_and_insertion_for_the_rest(page: FakePage, ctx: FakeContext) -> None:
    await type_text.run(ctx, Step("s", "type", text=Text("aé\n")))
    assert page.calls == [
        ("key", "down", "a"),
        ("key", "up", "a"),
        ("insert_text", "é"),
        ("key", "down", "Enter"),
        ("key", "up", "Enter"),
    ]


async def test_a_place_is_focused_first(page: FakePage, ctx: FakeContext) -> None:
    await type_text.run(ctx, Step("s", "type", place=Place(selectors=(("#f",),)), text=Text("a")))
    assert page.names()[0] == "run.focus"


async def test_nothing_is_typed_where_the_focus_does_not_go(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.focus", False)
    with pytest.raises(StepError) as failed:
        await type_text.run(ctx, Step("s", "type", place=Place(selectors=(("#f",),)), text=Text(credential="secret")))
    assert failed.value.cause is Cause.ELEMENT_NOT_ACTIONABLE
    assert page.effects == 0

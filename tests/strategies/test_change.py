"""Each kind of field gets its value in its own way."""

from __future__ import annotations

import anyio
import pytest

from harness.navigation import Cause, Place, Step, StepError, Text
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import AT, FIELD, FakePage
from strategies.change import change

PLACE = Place(selectors=(("#f",),))


def step(value: str) -> Step:
    return Step("s", "change", place=PLACE, text=Text(value))


@pytest.mark.parametrize(
    ("held", "value", "expected"),
    [
        ("", "Ada", [("run.focus",), ("insert_text", "Ada")]),
        ("Ada", "Ada", []),
        ("Ad", "Ada", [("run.focus",), ("insert_text", "a")]),
        ("Bob", "Ada", [("run.focus",), ("run.clear",), ("insert_text", "Ada")]),
        ("Bob", "", [("run.focus",), ("run.clear",), ("insert_text", "")]),
    ],
)
async def test_a_text_field_ends_with_exactly_the_value(
    page: FakePage, ctx: FakeContext, held: str, value: str, expected: list[tuple[str, ...]]
) -> None:
    page.answer("run.field", {**FIELD, "value": held})
    await change.run(ctx, step(value))
    assert page.calls[1:] == expected


async def test_a_field_whose_caret_cannot_be_placed_is_replaced_whole(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "type": "email", "value": "a@"})
    await change.run(ctx, step("a@b.c"))
    assert page.calls[1:] == [("run.focus",), ("run.clear",), ("insert_text", "a@b.c")]


@pytest.mark.parametrize(
    ("checked", "value", "clicks"),
    [(False, "on", 1), (True, "on", 0), (True, "false", 1), (False, "", 0), (False, "true", 1)],
)
async def test_a_checkbox_is_clicked_only_where_it_differs(
    page: FakePage, ctx: FakeContext, checked: bool, value: str, clicks: int
) -> None:
    page.answer("run.field", {**FIELD, "type": "checkbox", "checked": checked})
    await change.run(ctx, step(value))
    assert page.calls.count(("mousePressed", AT, "left", 1)) == clicks


async def test_a_select_chooses_and_counts_as_an_effect(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "type": "select"})
    await change.run(ctx, step("two"))
    assert page.calls[1:] == [("run.choose", "two")]
    assert page.effects == 1


async def test_an_option_that_comes_late_is_waited_for(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "type": "select"})
    page.answer("run.choose", False, True)
    await change.run(ctx, step("two"))
    assert page.names().count("run.choose") == 2


async def test_a_date_is_set_at_once(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "type": "date"})
    await change.run(ctx, step("2024-02-29"))
    assert page.calls[1:] == [("run.setValue", "2024-02-29")]


async def test_a_date_that_the_field_does_not_take_fails_the_step(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "type": "date"})
    page.answer("run.setValue", "")
    with pytest.raises(StepError, match="does not take the value"):
        await change.run(ctx, step("29.2.2024"))


async def test_a_locked_field_is_waited_for_and_told_at_the_deadline(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.field", {**FIELD, "locked": True})
    with anyio.move_on_after(0.01):
        await change.run(ctx, step("x"))
    assert page.last_miss is not None
    assert page.last_miss.cause is Cause.ELEMENT_NOT_ACTIONABLE
    page.answer("run.field", {**FIELD, "locked": True}, FIELD)
    await change.run(ctx, step("x"))
    assert page.entered == "x"


@pytest.mark.parametrize("kind", ["file", "submit", "button"])
async def test_what_takes_no_text_is_refused(page: FakePage, ctx: FakeContext, kind: str) -> None:
    page.answer("run.field", {**FIELD, "type": kind})
    with pytest.raises(StepError, match="takes no text"):
        await change.run(ctx, step("x"))
    assert page.effects == 0


async def test_a_secret_is_not_typed_where_the_focus_does_not_go(page: FakePage, ctx: FakeContext) -> None:
    page.answer("run.focus", False)
    with pytest.raises(StepError, match="does not take the focus"):
        await change.run(ctx, Step("s", "change", place=PLACE, text=Text(credential="secret")))
    assert page.entered == ""

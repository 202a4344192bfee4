"""The double answers as it is told, and counts effects as a real page does."""

from __future__ import annotations

import pytest

from harness.navigation import Cause, Page, Place, Point, StepError
from harness.testing.fake_page import AT, FakePage

PLACE = Place(selectors=(("#a",),))


async def test_it_is_a_page() -> None:
    page: Page = FakePage("http://a.test/")
    assert page.url == "http://a.test/"
    assert await page.point(PLACE) == AT


async def test_answers_come_one_a_call_and_the_last_one_stays() -> None:
    page = FakePage()
    page.answer("run.field", 1, 2)
    assert [await page.run(PLACE, "field") for _ in range(3)] == [1, 2, 2]


async def test_an_error_among_the_answers_is_raised() -> None:
    page = FakePage()
    page.answer("point", StepError("not there", cause=Cause.ELEMENT_NOT_FOUND), Point(1, 2))
    with pytest.raises(StepError):
        await page.point(PLACE)
    assert await page.point(PLACE) == (1, 2)


def test_no_answer_at_all_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="at least one"):
        FakePage().answer("point")


async def test_only_what_changes_the_page_is_an_effect() -> None:
    page = FakePage()
    await page.mouse("mouseMoved", AT)
    await page.survey(PLACE)
    await page.evaluate("1")
    assert page.effects == 0
    await page.mouse("mousePressed", AT, "left", 1)
    await page.insert_text("x")
    await page.navigate("http://a.test/")
    assert (page.effects, page.navigations, page.entered) == (3, 1, "x")


async def test_it_knows_which_keys_are_down() -> None:
    page = FakePage()
    await page.key("down", "Shift")
    await page.key("down", "a")
    await page.key("up", "a")
    assert page.held_keys == ["Shift"]
    await page.release_keys()
    assert page.held_keys == []

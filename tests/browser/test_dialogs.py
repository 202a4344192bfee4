"""Dialogs are answered by policy, so that no step hangs on one."""

from __future__ import annotations

import anyio
import pytest

from harness.navigation.map import Step
from tests.browser.live import Tab, css


async def click(tab: Tab) -> None:
    await tab.replay(Step("s", "click", place=css("#b"), timeout_s=4))


@pytest.mark.parametrize(
    ("call", "result"), [("alert('hi')", None), ("confirm('hi')", True), ("prompt('hi', 'proposal')", "proposal")]
)
async def test_a_dialog_is_accepted_and_told(tab: Tab, call: str, result: object) -> None:
    await tab.show(f'<button id=b onclick="got = [{call}]">B</button>')
    await click(tab)
    assert await tab.js("got[0] ?? null") == result
    (told,) = tab.events("page.dialog")
    assert (told["kind"], told["message"], told["accepted"]) == (call.partition("(")[0], "hi", True)


async def test_a_dialog_while_the_page_loads_does_not_hold_it_up(tab: Tab) -> None:
    await tab.show("<script>alert('early')</script><p>x")
    assert len(tab.events("page.dialog")) == 1


async def test_many_dialogs_in_a_row_are_all_answered(tab: Tab) -> None:
    await tab.show("<button id=b onclick='for (let i = 0; i < 5; i++) alert(i); done = 1'>B</button>")
    await click(tab)
    assert await tab.js("done") == 1
    assert len(tab.events("page.dialog")) == 5


async def test_a_page_that_asks_to_stay_is_left(tab: Tab) -> None:
    await tab.show(
        "<button id=b>B</button><script>onbeforeunload = (e) => { e.preventDefault(); return 'stay' }</script>"
    )
    await click(tab)  # without a gesture the browser does not ask
    await tab.show("<title>Next</title>", path="/next")
    assert tab.page.url.endswith("/next")
    assert [told["kind"] for told in tab.events("page.dialog")] == ["beforeunload"]


async def test_a_dialog_that_opened_while_nobody_answered_is_answered_by_the_next_who_does(tab: Tab) -> None:
    await tab.show("<p>x")
    page = tab.page
    second = type(page)(context_id=page.context_id, target_id=page.target_id, log=tab.ctx.log)
    await second.aim(page.session.connection, ())
    # The first one's answerer is taken away: its session ends, as between two spins.
    await page.session.connection.detach(page.session)
    with second.session.expect("Page.javascriptDialogOpening") as opened:
        await second.session.call("Runtime.evaluate", {"expression": "setTimeout(() => { alert('between') }, 0)"})
        await opened
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(second.answer_dialogs)
        with anyio.fail_after(5):
            assert await second.evaluate("1 + 1") == 2
        tasks.cancel_scope.cancel()

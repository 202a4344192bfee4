"""What a connection makes of the faults of pages in a real browser."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from harness.cdp.errors import CommandTimeoutError, SessionDetachedError
from tests.browser.managed import Told, evaluate, managed, new_page


async def test_a_session_that_we_close_is_no_loss_and_sends_nothing_more(browser_path: Path) -> None:
    async with managed(browser_path, told := Told()) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        await connection.detach(page.session)
        assert connection.unknown_sessions == 0
        with pytest.raises(SessionDetachedError):
            await evaluate(page, "3")
    assert told.fields("session.lost") == []


async def test_a_command_that_times_out_leaves_nothing_pending_and_its_late_reply_is_counted(
    browser_path: Path,
) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        await evaluate(page, "1")
        busy = "for (const end = Date.now() + 300; Date.now() < end;); 'late'"
        with pytest.raises(CommandTimeoutError):
            await evaluate(page, busy, timeout_s=0.02)
        assert not connection.protocol.pending
        assert await evaluate(page, "'in time'", timeout_s=60) == "in time"
        assert connection.protocol.late_replies == 1


async def test_an_open_dialog_holds_its_page_up_and_no_other_and_can_be_answered(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        page, other = await new_page(connection), await new_page(connection)
        await page.call("Page.enable")
        with page.session.expect("Page.javascriptDialogOpening") as opening:
            asking = asyncio.create_task(evaluate(page, "confirm('really?')", timeout_s=60))
            assert (await opening)["message"] == "really?"
        assert await evaluate(other, "2") == 2
        with pytest.raises(CommandTimeoutError):
            await evaluate(page, "1", timeout_s=0.1)
        assert not asking.done()
        await page.call("Page.handleJavaScriptDialog", {"accept": True})
        assert await asking is True


async def test_texts_that_are_not_whole_unicode_arrive_and_do_not_cost_the_reply(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        page = await new_page(await manager.ready())
        assert await evaluate(page, r"'a\ud83d'", timeout_s=60) == "a?"
        assert await evaluate(page, r"'\ud83d\ude00'") == "😀"

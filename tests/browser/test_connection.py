"""What a connection makes of the faults of pages in a real browser."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import anyio
import pytest

from harness.cdp.errors import CommandTimeoutError, SessionDetachedError, TargetCrashedError
from tests.browser.managed import Told, evaluate, family, managed, new_page

FOR_EVER = "new Promise(() => {})"


def _wait_for_ever(page) -> asyncio.Task[object]:
    """A command that only a fault can end."""
    return asyncio.create_task(
        page.call("Runtime.evaluate", {"expression": FOR_EVER, "awaitPromise": True}, timeout_s=60)
    )


async def test_a_crashed_renderer_fails_its_commands_at_once_until_a_navigation_revives_it(
    browser_path: Path,
) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        page = await new_page(await manager.ready())
        pending = _wait_for_ever(page)
        with pytest.raises(TargetCrashedError):
            await page.call("Page.crash", timeout_s=60)
        with pytest.raises(TargetCrashedError):
            await pending
        with pytest.raises(TargetCrashedError, match="was not sent"):
            await evaluate(page, "1", timeout_s=60)
        await page.call("Page.navigate", {"url": "data:text/html,alive"})
        assert await evaluate(page, "6 * 7") == 42
        assert [event["cause"] for event in told.fields("session.lost")] == ["renderer_crashed"]


async def test_a_killed_renderer_is_a_crash_of_its_page(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        pending = _wait_for_ever(page)
        await evaluate(page, "1")
        for process in family(manager.process.pid):
            if "--type=renderer" in " ".join(process.cmdline()):
                os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(TargetCrashedError):
            await pending
        with pytest.raises(TargetCrashedError):
            await evaluate(page, "1", timeout_s=60)
        assert await evaluate(await new_page(connection), "2") == 2


async def test_closing_a_page_fails_what_waits_for_it_and_nothing_else(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        page, other = await new_page(connection), await new_page(connection)
        pending = _wait_for_ever(page)
        with page.session.expect("Page.loadEventFired") as never:
            await anyio.wait_all_tasks_blocked()
            await connection.call("Target.closeTarget", {"targetId": page.session.target_id})
            for waiting in (pending, never):
                with pytest.raises(SessionDetachedError):
                    await waiting
        with pytest.raises(SessionDetachedError, match="was not sent"):
            await evaluate(page, "1")
        assert await evaluate(other, "2") == 2
        session = other.session
        await connection.detach(session)
        assert connection.unknown_sessions == 0
        with pytest.raises(SessionDetachedError):
            await evaluate(other, "3")


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

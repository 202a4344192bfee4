"""Faults of one page while its browser lives, injected into a real one: signal, reaction, category; see docs/faults.md."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import anyio
import pytest

from harness.basics.failures import Category, Cause
from harness.cdp.connection import Connection
from harness.cdp.errors import CdpError, CommandTimeoutError, ProtocolError, SessionDetachedError, TargetCrashedError
from harness.cdp.ports import OpenFence
from harness.cdp.session import Session, Writer
from harness.navigation.cdp_page import CdpPage
from harness.navigation.page_link import PageLink
from tests.browser.managed import Told, evaluate, family, launch_options, managed, new_page, new_target

BOTH = pytest.mark.parametrize("transport", ["websocket", "pipe"])


async def _wait_for_ever(page: Writer) -> asyncio.Task[object]:
    """A command that only a fault can end; it is on its way."""
    waiting = asyncio.create_task(evaluate(page, "new Promise(() => {})", await_promise=True, timeout_s=60))
    await anyio.wait_all_tasks_blocked()
    await evaluate(page, "1")
    return waiting


def _row(error: CdpError) -> tuple[Category, Cause]:
    return error.root_cause.category, error.root_cause


@BOTH
@pytest.mark.parametrize("how", ["crash", "kill"])
async def test_a_lost_renderer_fails_its_commands_at_once_until_a_navigation_revives_it(
    browser_path: Path, transport: str, how: str
) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        pending = await _wait_for_ever(page)
        if how == "crash":
            with pytest.raises(TargetCrashedError):
                await page.call("Page.crash", timeout_s=60)
        else:
            for process in family(manager.process.pid):
                if "--type=renderer" in " ".join(process.cmdline()):
                    os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(TargetCrashedError) as crashed:
            await pending
        assert _row(crashed.value) == (Category.CDP, Cause.RENDERER_CRASHED)
        assert crashed.value.may_have_happened
        with pytest.raises(TargetCrashedError, match="was not sent"):
            await evaluate(page, "1", timeout_s=60)
        await page.call("Page.navigate", {"url": "data:text/html,alive"}, timeout_s=60)
        assert await evaluate(page, "6 * 7") == 42
        assert await evaluate(await new_page(connection), "2") == 2
        assert not connection.protocol.pending
    assert {event["cause"] for event in told.fields("session.lost")} == {"renderer_crashed"}
    assert told.fields("cdp.connection_lost") == []


async def test_a_page_that_eats_its_memory_is_a_crash_told_with_its_status(browser_path: Path) -> None:
    told = Told()
    launch = launch_options(browser_path, "websocket", "--js-flags=--max-old-space-size=32")
    async with managed(browser_path, told, launch=launch) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        async with connection.events.expect("Target.targetCrashed"):
            with pytest.raises(TargetCrashedError) as crashed:
                await evaluate(page, "const a = []; for (;;) a.push(new Array(1e4).fill(Math.random()))", timeout_s=60)
        assert [(event["status"], event["error_code"]) for event in told.fields("target.crashed")] == [("crashed", 5)]
        assert _row(crashed.value) == (Category.CDP, Cause.RENDERER_CRASHED)
        assert await evaluate(await new_page(connection), "1") == 1


@BOTH
@pytest.mark.parametrize("how", ["by another", "by itself", "detached by another"])
async def test_a_target_that_goes_fails_what_waits_for_it_and_nothing_else(
    browser_path: Path, transport: str, how: str
) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        connection = await manager.ready()
        page, other = await new_page(connection), await new_page(connection)
        pending = await _wait_for_ever(page)
        with page.session.expect("Page.loadEventFired") as never:
            await anyio.wait_all_tasks_blocked()
            if how == "by another":
                await connection.call("Target.closeTarget", {"targetId": page.session.target_id})
            elif how == "by itself":
                await evaluate(page, "setTimeout(() => window.close(), 0)", timeout_s=60)
            else:
                await connection.call("Target.detachFromTarget", {"sessionId": page.session.session_id})
            for waiting in (pending, never):
                with pytest.raises(SessionDetachedError) as detached:
                    await waiting
        assert _row(detached.value) == (Category.CDP, Cause.SESSION_DETACHED)
        with pytest.raises(SessionDetachedError, match="was not sent"):
            await evaluate(page, "1")
        assert await evaluate(other, "2") == 2
        assert not connection.protocol.pending
    assert [event["cause"] for event in told.fields("session.lost")] == ["session_detached"]


@BOTH
async def test_a_session_that_the_browser_does_not_know_is_detached_and_a_target_is_refused(
    browser_path: Path, transport: str
) -> None:
    async with managed(browser_path, Told(), launch=launch_options(browser_path, transport)) as manager:
        connection = await manager.ready()
        stale = Session(connection, await new_target(connection), "0123456789ABCDEF")
        with pytest.raises(SessionDetachedError, match="-32001") as detached:
            await stale.call("Page.getFrameTree")
        assert not detached.value.may_have_happened
        assert stale.make_error is not None
        with pytest.raises(ProtocolError) as refused:
            await connection.attach("no such target")
        assert refused.value.error_code == -32602
        assert _row(refused.value) == (Category.CDP, Cause.PROTOCOL_ERROR)


@BOTH
async def test_replies_that_come_out_of_order_find_their_commands(browser_path: Path, transport: str) -> None:
    async with managed(browser_path, Told(), launch=launch_options(browser_path, transport)) as manager:
        page = await new_page(await manager.ready())
        first = asyncio.create_task(
            evaluate(page, "new Promise(go => { release = () => go('first') })", await_promise=True, timeout_s=60)
        )
        await anyio.wait_all_tasks_blocked()
        assert await evaluate(page, "'second'") == "second"
        assert not first.done()
        await evaluate(page, "release()")
        assert await first == "first"


@BOTH
async def test_a_subscriber_that_stalls_loses_its_own_events_and_holds_nobody_up(
    browser_path: Path, transport: str
) -> None:
    async with managed(browser_path, Told(), launch=launch_options(browser_path, transport)) as manager:
        connection = await manager.ready()
        page, other = await new_page(connection), await new_page(connection)
        await page.call("Runtime.enable")
        with page.session.stream("Runtime.consoleAPICalled", limit=10) as stalled:
            await evaluate(page, "for (let i = 0; i < 3000; i++) console.log(i)", timeout_s=60)
            assert await evaluate(other, "2", timeout_s=60) == 2
            assert await evaluate(page, "3", timeout_s=60) == 3
            assert (len(stalled), stalled.dropped) == (10, 2990)


async def test_a_dialog_held_by_a_connection_that_is_not_ours_ends_with_a_deadline_and_the_context_can_be_closed(
    browser_path: Path,
) -> None:
    """The page of a session that was lost while its dialog was open, when the browser has not noticed the loss yet."""
    told = Told()
    async with managed(browser_path, told) as manager:
        connection = await manager.ready()
        context = (await connection.call("Target.createBrowserContext"))["browserContextId"]
        made = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        foreign = Connection(
            await manager.process.connect(30),
            browser_id="b1",
            cohort="c1",
            generation=0,
            fence=OpenFence(),
            log=told.log,
            on_lost=lambda _: None,
            observe=lambda *_: None,
        )
        reading = asyncio.create_task(foreign.run())
        holder = (await foreign.attach(made["targetId"])).writer(())
        await holder.call("Page.enable")
        with holder.session.expect("Page.javascriptDialogOpening") as opened:
            await evaluate(holder, "setTimeout(() => alert('held'), 0)")
            await opened
        connection.timeout_s = 0.5
        page = CdpPage(context_id=context, target_id=made["targetId"], log=told.log)
        with pytest.raises(CommandTimeoutError) as hung:
            await page.aim(connection, ())
        assert _row(hung.value) == (Category.CDP, Cause.COMMAND_TIMEOUT)
        await connection.call("Target.disposeBrowserContext", {"browserContextId": context}, timeout_s=60)
        targets = (await connection.call("Target.getTargets", timeout_s=60))["targetInfos"]
        assert made["targetId"] not in {info["targetId"] for info in targets}
        await foreign.close()
        await reading


async def test_a_dialog_of_a_lost_session_does_not_hold_up_the_next_one(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        first = await manager.ready()
        page = await new_page(first)
        await page.call("Page.enable")
        with page.session.expect("Page.javascriptDialogOpening") as opened:
            await evaluate(page, "setTimeout(() => { alert('open'); after = 1 }, 0)")
            await opened
        manager.cut()
        await first.ended.wait()
        second = await manager.ready()
        link = PageLink(page.session.target_id, Told().log)
        await link.aim(second, ())
        assert await evaluate(link.writer, "after", timeout_s=60) == 1


async def test_chromium_lets_two_clients_write_to_one_page_and_the_last_one_wins(browser_path: Path) -> None:
    """Why writes are fenced here: nothing tells the first client of the second."""
    async with managed(browser_path, told := Told()) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        other = (await connection.attach(page.session.target_id)).writer(())
        await page.call("Page.navigate", {"url": "data:text/html,ours"})
        await other.call("Page.navigate", {"url": "data:text/html,theirs"})
        assert await evaluate(page, "location.href") == "data:text/html,theirs"
        assert page.session.make_error is None
    assert told.fields("session.lost") == []

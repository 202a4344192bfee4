"""What a browser's lifecycle manager makes of the faults of a real browser."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import anyio
import pytest

from harness.cdp.connection import Connection
from harness.cdp.errors import ConnectionLostError
from harness.navigation.cdp_page import CdpPage
from tests.browser.managed import Told, attached, evaluate, family, managed, new_target, seconds_until_ended


async def _next(manager, before: Connection) -> Connection:
    """The connection that follows one which ends."""
    await before.ended.wait()
    return await manager.ready()


async def test_a_cut_socket_leads_back_to_the_same_browser_its_page_and_its_set_up(browser_path: Path) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        first = await manager.ready()
        endpoint, pid = manager.process.endpoint, manager.process.pid
        page = CdpPage(context_id="", target_id=await new_target(first), log=told.log)
        session = await page.aim(first, ())
        await page.set_up("Emulation.setUserAgentOverride", {"userAgent": "a harness of the test"})
        await evaluate(session.writer(()), "window.kept = 42; document.title = 'before the cut'")
        pending = asyncio.create_task(evaluate(session.writer(()), "new Promise(() => {})", timeout_s=60))
        with session.expect("Page.frameNavigated") as never:
            await anyio.wait_all_tasks_blocked()
            manager.cut()
            second = await _next(manager, first)
            with pytest.raises(ConnectionLostError):
                await never
        with pytest.raises(ConnectionLostError):
            await pending
        assert (manager.process.endpoint, manager.process.pid) == (endpoint, pid)
        assert (manager.incarnation, manager.reconnects) == (1, 1)

        writer = (await second.attach(page.target_id)).writer(())
        assert await evaluate(writer, "[window.kept, document.title]") == [42, "before the cut"]
        assert "harness" not in await evaluate(writer, "navigator.userAgent")
        again = await page.aim(second, ())
        assert await evaluate(again.writer(()), "navigator.userAgent") == "a harness of the test"
    assert [event["generation"] for event in told.fields("cdp.connected")] == [1, 2]


async def test_of_two_browsers_the_killed_one_is_replaced_and_the_other_notices_nothing(browser_path: Path) -> None:
    told = Told()
    async with managed(browser_path, told, "b1") as one, managed(browser_path, told, "b2") as other:
        first, beside = await one.ready(), await other.ready()
        assert one.process.endpoint != other.process.endpoint
        assert one.process.profile != other.process.profile
        pid, profile, processes = one.process.pid, one.process.profile, family(one.process.pid)
        target = await new_target(first)
        os.kill(pid, signal.SIGKILL)
        second = await _next(one, first)
        seconds_until_ended(processes)
        assert (one.incarnation, one.restarts, other.incarnation) == (2, 1, 1)
        assert one.process.pid != pid
        assert one.process.profile != profile
        assert not profile.exists()
        targets = (await second.call("Target.getTargets"))["targetInfos"]
        assert target not in {info["targetId"] for info in targets}
        assert await other.ready() is beside
        assert (await beside.call("Browser.getVersion"))["product"]
    exits = [(event["pid"] == pid, event["planned"]) for event in told.fields("browser.exited")]
    assert sorted(exits) == [(False, True), (False, True), (True, False)]


async def test_a_browser_that_runs_already_is_attached_to_and_left_running(browser_path: Path) -> None:
    told = Told()
    async with managed(browser_path, told, "b1") as other:
        port = other.process.endpoint.split("/")[2]
        for url in (other.process.endpoint, f"http://{port}"):
            async with attached(url, told) as manager:
                connection = await manager.ready()
                page = CdpPage(context_id="", target_id=await new_target(connection), log=told.log)
                session = await page.aim(connection, ())
                assert await evaluate(session.writer(()), "6 * 7") == 42
                manager.cut()
                second = await _next(manager, connection)
                await page.aim(second, ())
                assert (manager.incarnation, manager.reconnects) == (1, 1)
        assert other.process.is_alive()
        assert (await (await other.ready()).call("Browser.getVersion"))["product"] == other.identity.product

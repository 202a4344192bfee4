"""What a page makes of a lost connection, a crashed renderer, a missing lease: the cause, and nothing repeated."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from harness.basics.failures import Cause
from harness.cdp.errors import ConnectionLostError, TargetCrashedError
from harness.coordination.errors import OwnershipViolationError
from harness.coordination.leases import Coordinator
from harness.coordination.ownership import Binding
from harness.coordination.scopes import session_scope
from harness.navigation.cdp_page import CdpPage
from harness.navigation.map import AssertedNavigation, Step, Text, Viewport
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from tests.browser.live import HANG, Tab, css, running_browser


async def cut(tab: Tab) -> None:
    """Drop the connection, and return when everyone knows."""
    connection = tab.page.session.connection
    connection.abort()
    await connection.ended.wait()


async def test_a_step_goes_on_after_a_loss_between_two_steps(tab: Tab) -> None:
    await tab.show("<button id=b onclick='hit = (window.hit || 0) + 1'>B</button>")
    await cut(tab)
    await tab.replay(Step("s", "click", place=css("#b")))
    assert await tab.js("hit") == 1
    assert tab.ctx.restores == 1


async def test_a_navigation_that_was_never_sent_is_sent_after_the_loss(tab: Tab) -> None:
    await cut(tab)
    await tab.replay(Step("s", "navigate", {"url": tab.site.put("/", "<title>T</title>")}))
    assert tab.page.url == f"{tab.site.origin}/"


async def test_a_navigation_that_was_sent_is_not_sent_again(tab: Tab) -> None:
    url = tab.site.put("/never", HANG)

    async def lose() -> None:
        await tab.site.requested("/never")
        await cut(tab)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lose)
        with pytest.raises(ConnectionLostError) as failed:
            await tab.replay(Step("s", "navigate", {"url": url}))
    assert failed.value.may_have_happened
    assert tab.site.requests.count("/never") == 1


@pytest.mark.parametrize("how", ["navigate", "click"])
async def test_a_loss_while_the_load_event_is_awaited_is_told_at_once_as_what_it_is(tab: Tab, how: str) -> None:
    tab.site.put("/never.png", HANG)
    tab.site.put("/slow", "<img src=/never.png>")
    await tab.show("<a id=b href=/slow>slow</a>")

    async def lose() -> None:
        await tab.site.requested("/never.png")
        await cut(tab)

    step = (
        Step("s", "navigate", {"url": tab.site.origin + "/slow"}, timeout_s=60)
        if how == "navigate"
        else Step("s", "click", place=css("#b"), asserted=AssertedNavigation(), timeout_s=60)
    )
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lose)
            with pytest.raises(ConnectionLostError) as failed:
                await tab.replay(step)
    assert failed.value.may_have_happened


async def test_overrides_and_the_page_script_are_there_again_after_a_loss(tab: Tab) -> None:
    await tab.show("<input id=f>")
    await tab.page.set_viewport(Viewport(420, 310))
    await cut(tab)
    await tab.replay(Step("s", "change", place=css("#f"), text=Text("Ada")))
    assert await tab.js("[innerWidth, f.value]") == [420, "Ada"]
    assert tab.page.url == f"{tab.site.origin}/"


async def test_a_loaded_page_is_known_as_loaded_after_a_loss(tab: Tab) -> None:
    await tab.show("<a id=b href='#x'>x</a>")
    await cut(tab)
    await tab._restore()
    before = tab.page.navigations
    await tab.replay(Step("s", "click", place=css("#b")))
    with anyio.fail_after(5):
        await tab.page.wait_navigation(before)


async def test_a_crashed_renderer_is_named_while_its_load_event_is_awaited(tab: Tab) -> None:
    tab.site.put("/never.png", HANG)
    crash = "<img src=/never.png><script>setTimeout(() => { let d = document.body; for (let i = 0; i < 1e4; i++) "
    crash += "d = d.appendChild(document.createElement('div')); document.body.offsetHeight }, 50)</script>"
    url = tab.site.put("/", "<!doctype html><body>" + crash)
    with anyio.fail_after(20), pytest.raises(TargetCrashedError) as failed:
        await tab.replay(Step("s", "navigate", {"url": url}, timeout_s=60))
    assert failed.value.cause is Cause.RENDERER_CRASHED


async def test_nothing_is_written_without_the_lease_of_the_page(browser_path: Path) -> None:
    sink = ListSink()
    coordinator = Coordinator(Telemetry(sink, run_id="run-test").log, run_id="run-test")
    async with running_browser(browser_path, fence=coordinator) as manager:
        connection = await manager.ready()
        context = (await connection.call("Target.createBrowserContext", {}))["browserContextId"]
        target = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
        scope = session_scope(target["targetId"])
        lease = await coordinator.acquire(scope, Binding(owner="w1", reason="test"), timeout_s=1)
        page = CdpPage(context_id=context, target_id=target["targetId"], log=Telemetry(sink, run_id="run-test").log)
        await page.aim(connection, [lease])
        await page.insert_text("allowed")
        effects = page.effects
        coordinator.release(lease, "done")
        with pytest.raises(OwnershipViolationError):
            await page.insert_text("refused")
        assert page.effects == effects  # it certainly did not happen
    assert coordinator.counts.refused >= 1

"""Faults of the browser's process and of its connection, injected into a real one: signal, reaction, category.

Rows of docs/faults.md; how long each recovery takes is measured by `scripts/bench recovery`, not here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import anyio
import psutil
import pytest

from harness.cdp import websocket
from harness.cdp.connection import Connection
from harness.cdp.errors import CommandTimeoutError, ConnectionLostError
from harness.cdp.lifecycle import CdpLifecycleManager, HealthPolicy
from harness.cdp.reconnect import ReconnectPolicy
from harness.testing.relay import Relay
from tests.browser.managed import (
    Told,
    evaluate,
    family,
    launch_options,
    managed,
    new_page,
    new_target,
    seconds_until_ended,
)

BOTH = pytest.mark.parametrize("transport", ["websocket", "pipe"])


async def _next(manager: CdpLifecycleManager, before: Connection) -> Connection:
    """The connection that follows one which ends."""
    with anyio.fail_after(60):
        await before.ended.wait()
        return await manager.ready()


def _states(told: Told) -> list[str]:
    return [event["to_state"] for event in told.fields("browser.state")]


def _failures(told: Told) -> list[tuple[str, str, str]]:
    return [(event["category"], event["cause"], event["containment"]) for event in told.fields("failure.recorded")]


def _processes(manager: CdpLifecycleManager, mark: str) -> list[int]:
    """Ids of the browser's living processes whose command line holds this mark."""
    found = []
    with contextlib.suppress(psutil.NoSuchProcess):  # the browser itself may end meanwhile
        for process in family(manager.process.pid):
            with contextlib.suppress(psutil.NoSuchProcess):  # a zombie, too, has no command line any more
                if mark in " ".join(process.cmdline()):
                    found.append(process.pid)
    return found


async def _network_process(manager: CdpLifecycleManager) -> int:
    with anyio.fail_after(60):
        while not (found := _processes(manager, "utility-sub-type=network")):
            await new_target(await manager.ready())
    return found[0]


DIED = ("cdp", "browser_died", "browser_restarted")


@BOTH
async def test_a_killed_browser_is_replaced_in_a_new_profile(browser_path: Path, transport: str) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        first = await manager.ready()
        processes, profile = family(manager.process.pid), manager.process.profile
        page = await new_page(first)
        pending = asyncio.create_task(evaluate(page, "new Promise(() => {})", await_promise=True, timeout_s=60))
        await anyio.wait_all_tasks_blocked()
        await evaluate(page, "1")
        os.kill(manager.process.pid, signal.SIGKILL)
        second = await _next(manager, first)
        with pytest.raises(ConnectionLostError) as lost:
            await pending
        assert lost.value.may_have_happened
        seconds_until_ended(processes)
        assert (manager.incarnation, manager.restarts, manager.reconnects) == (2, 1, 0)
        assert not profile.exists()
        assert await evaluate(await new_page(second), "6 * 7") == 42
    assert _states(told)[:3] == ["healthy", "restarting", "healthy"]
    assert _failures(told) == [DIED]


@BOTH
async def test_a_browser_stopped_by_a_signal_is_found_out_killed_and_replaced(
    browser_path: Path, transport: str
) -> None:
    told = Told()
    policy = ReconnectPolicy(base_s=0.01, attempts=1, connect_timeout_s=0.3, stagger_window_s=0.0)
    health = HealthPolicy(every_s=0.1, deadline_s=0.5)
    launch = launch_options(browser_path, transport)
    async with managed(browser_path, told, policy=policy, health=health, launch=launch) as manager:
        first = await manager.ready()
        processes = family(manager.process.pid)
        os.kill(manager.process.pid, signal.SIGSTOP)
        with pytest.raises((CommandTimeoutError, ConnectionLostError)):
            await first.call("Browser.getVersion", timeout_s=0.2)
        await _next(manager, first)
        seconds_until_ended(processes)
        assert (manager.incarnation, manager.restarts) == (2, 1)
    assert _states(told)[:-2] == ["healthy", "unhealthy", "restarting", "healthy"]
    assert _failures(told) == [("cdp", "browser_hung", "browser_restarted")]


async def test_a_half_open_connection_is_noticed_by_keep_alive_and_the_same_browser_found_again(
    browser_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    async with managed(browser_path, told, health=HealthPolicy(every_s=3600)) as manager:
        first = await manager.ready()
        pid, endpoint = manager.process.pid, manager.process.endpoint
        relay = await Relay.start(endpoint)
        manager.process.endpoint = relay.url(endpoint)
        manager.cut()
        through = await _next(manager, first)
        page = await new_page(through)
        for name, seconds in {"PING_AFTER_S": 0.2, "PONG_WITHIN_S": 0.4, "TICK_S": 0.1}.items():
            monkeypatch.setattr(websocket, name, seconds)
        manager.process.endpoint = endpoint
        relay.mute()
        second = await _next(manager, through)
        assert "keep-alive" in (through.lost_reason or "")
        assert (manager.process.pid, manager.incarnation, manager.reconnects) == (pid, 1, 2)
        again = (await second.attach(page.session.target_id)).writer(())
        assert await evaluate(again, "1 + 1") == 2
        await relay.stop()
    assert set(_failures(told)) == {("cdp", "connection_lost", "session_reattached")}


async def test_a_command_cut_off_in_the_middle_is_unknown_is_finished_by_the_page_and_never_sent_again(
    browser_path: Path,
) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        first = await manager.ready()
        page = await new_page(first)
        slow = "began = (window.began || 0) + 1; new Promise(go => { release = go }).then(() => { done = 1 })"
        pending = asyncio.create_task(evaluate(page, slow, await_promise=True, timeout_s=60))
        await anyio.wait_all_tasks_blocked()
        assert await evaluate(page, "began") == 1
        manager.cut()
        second = await _next(manager, first)
        with pytest.raises(ConnectionLostError) as lost:
            await pending
        assert lost.value.may_have_happened
        again = (await second.attach(page.session.target_id)).writer(())
        await evaluate(again, "release()")
        assert await evaluate(again, "[window.began, window.done]") == [1, 1]
    assert _failures(told) == [("cdp", "connection_lost", "session_reattached")]


@BOTH
async def test_a_browser_process_of_its_own_that_is_killed_is_respawned_without_a_loss(
    browser_path: Path, transport: str
) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        connection = await manager.ready()
        page = await new_page(connection)
        network = await _network_process(manager)
        os.kill(network, signal.SIGKILL)
        seconds_until_ended([psutil.Process(network)])
        assert await evaluate(page, "6 * 7") == 42
        assert await _network_process(manager) != network
        assert manager.connection is connection
    assert _failures(told) == []


async def test_a_browser_that_gives_up_on_its_graphics_process_is_replaced(browser_path: Path) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        first = await manager.ready()
        await new_page(first)
        with anyio.fail_after(60):
            killed: set[int] = set()
            while not first.ended.is_set():
                try:
                    found = [pid for pid in _processes(manager, "--type=gpu-process") if pid not in killed]
                    for pid in found:
                        os.kill(pid, signal.SIGKILL)
                        killed.add(pid)
                    await new_target(first)
                except (ConnectionLostError, ProcessLookupError):
                    await anyio.sleep(0.01)
        await _next(manager, first)
        assert manager.restarts == 1
        assert len(killed) > 1
    assert _failures(told) == [DIED]


@BOTH
@pytest.mark.parametrize("how", ["Browser.close", "SIGTERM"])
async def test_a_browser_ended_by_somebody_else_is_replaced(browser_path: Path, transport: str, how: str) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        first = await manager.ready()
        if how == "SIGTERM":
            os.kill(manager.process.pid, signal.SIGTERM)
        else:
            await first.call("Browser.close", timeout_s=60)
        await _next(manager, first)
        assert (manager.incarnation, manager.restarts) == (2, 1)
    assert _failures(told) == [DIED]


@BOTH
async def test_a_browser_ended_by_us_is_no_incident(browser_path: Path, transport: str) -> None:
    told = Told()
    async with managed(browser_path, told, launch=launch_options(browser_path, transport)) as manager:
        await manager.ready()
    assert told.fields("cdp.connection_lost") == []
    assert [event["planned"] for event in told.fields("browser.exited")] == [True]
    assert _failures(told) == []


async def test_a_reply_above_the_limit_costs_the_socket_but_not_the_browser_and_is_named(
    browser_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        first = await manager.ready()
        monkeypatch.setattr(websocket, "MAX_MESSAGE_BYTES", 100_000)
        manager.cut()
        small = await _next(manager, first)
        page, other = await new_page(small), await new_page(small)
        waiting = asyncio.create_task(evaluate(other, "new Promise(() => {})", await_promise=True, timeout_s=60))
        with pytest.raises(ConnectionLostError, match="1009"):
            await evaluate(page, "'x'.repeat(200_000)", timeout_s=60)
        with pytest.raises(ConnectionLostError):
            await waiting
        second = await _next(manager, small)
        assert manager.incarnation == 1
        again = (await second.attach(page.session.target_id)).writer(())
        assert await evaluate(again, "'x'.repeat(2_000).length") == 2_000
    assert ("cdp", "connection_lost", "session_reattached") in _failures(told)


async def test_frames_that_are_no_commands_are_answered_without_an_id_and_counted(browser_path: Path) -> None:
    async with managed(browser_path, Told()) as manager:
        connection = await manager.ready()
        connection._transport.send([b'{"id": "x"', b"[]", b'{"method": "Browser.getVersion"}'])
        assert "Chrom" in (await connection.call("Browser.getVersion"))["product"]
        assert connection.protocol.malformed == 3


async def test_a_binary_frame_ends_the_socket_and_the_same_browser_is_found_again(browser_path: Path) -> None:
    told = Told()
    async with managed(browser_path, told) as manager:
        first = await manager.ready()
        first._transport._protocol.send_binary(b"\xff\x00")
        first._transport._flush()
        await _next(manager, first)
        assert (manager.incarnation, manager.reconnects) == (1, 1)
    assert _failures(told) == [("cdp", "connection_lost", "session_reattached")]

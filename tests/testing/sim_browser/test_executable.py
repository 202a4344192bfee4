"""The lifecycle manager, its guardian and its transports with the simulated browser in place of Chromium: real processes."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from harness.cdp import websocket
from harness.cdp.errors import BrowserFailedError, ConnectionLostError
from harness.cdp.launch import BrowserProcess, LaunchOptions, TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager, HealthPolicy
from harness.cdp.ports import OpenFence
from harness.cdp.reconnect import ReconnectPolicy
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from harness.testing.sim_browser import Document, Fault, sim_binary

QUICK = ReconnectPolicy(base_s=0.01, cap_s=0.1, attempts=3, stagger_window_s=0.0)
CALM = HealthPolicy(every_s=3600.0)
both_transports = pytest.mark.parametrize("transport", ["websocket", "pipe"])


def _options(
    folder: Path, faults: Sequence[Fault] = (), transport: TransportKind = "websocket", timeout_s: float = 60.0
) -> LaunchOptions:
    site = {"http://sim.test/": Document(title="simulated")}
    return LaunchOptions(sim_binary(folder, site=site, faults=faults), start_timeout_s=timeout_s, transport=transport)


@asynccontextmanager
async def _managed(launch: LaunchOptions, health: HealthPolicy = CALM) -> AsyncIterator[CdpLifecycleManager]:
    manager = CdpLifecycleManager(
        browser_id="b1",
        cohort="c1",
        cohort_index=0,
        cohorts=1,
        launch=launch,
        policy=QUICK,
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=Telemetry(ListSink(), run_id="run-test").log,
        rng=random.Random(1),
        health=health,
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        yield manager
        manager.stop()


@both_transports
async def test_it_is_started_identified_driven_and_stopped_like_chromium(
    tmp_path: Path, transport: TransportKind
) -> None:
    async with _managed(_options(tmp_path, transport=transport)) as manager:
        assert manager.process is not None
        assert manager.identity is not None
        assert manager.identity.product == "SimBrowser/1.0"
        connection = await manager.ready()
        info = await connection.call("SystemInfo.getProcessInfo")
        assert info["processInfo"][0]["id"] == manager.process.pid
        target = await connection.call("Target.createTarget", {"url": "http://sim.test/"})
        session = await connection.attach(target["targetId"])
        title = await session.call("Runtime.evaluate", {"expression": "document.title"})
        assert title["result"]["value"] == "simulated"
        profile = manager.process.profile
        assert (profile / "DevToolsActivePort").exists() == (transport == "websocket")
    assert not profile.exists()


@both_transports
async def test_one_that_dies_is_replaced_by_another_with_other_ids(tmp_path: Path, transport: TransportKind) -> None:
    death = Fault(kind="browser_death", at="Target.createTarget")
    async with _managed(_options(tmp_path, [death], transport)) as manager:
        first = await manager.ready()
        before = await first.call("Target.getTargets")
        with pytest.raises(ConnectionLostError):
            await first.call("Target.createTarget", {"url": "about:blank"})
        second = await manager.ready()
        assert (manager.incarnation, manager.restarts) == (2, 1)
        assert (await second.call("Target.getTargets")) != before
        await second.call("Target.createTarget", {"url": "about:blank"})


async def test_a_dropped_socket_leads_back_to_the_same_browser_and_its_page(tmp_path: Path) -> None:
    drop = Fault(kind="socket_drop", at="Runtime.evaluate")
    async with _managed(_options(tmp_path, [drop])) as manager:
        first = await manager.ready()
        target = (await first.call("Target.createTarget", {"url": "about:blank"}))["targetId"]
        session = await first.attach(target)
        with pytest.raises(ConnectionLostError) as lost:
            await session.call("Runtime.evaluate", {"expression": "window.kept = 42"})
        assert lost.value.may_have_happened
        session = await (await manager.ready()).attach(target)
        kept = await session.call("Runtime.evaluate", {"expression": "window.kept"})
        assert kept["result"]["value"] == 42
        assert (manager.incarnation, manager.reconnects) == (1, 1)


@both_transports
async def test_one_that_freezes_is_found_out_by_its_health_and_replaced(
    tmp_path: Path, transport: TransportKind
) -> None:
    async with _managed(_options(tmp_path, transport=transport), HealthPolicy(every_s=0.05, deadline_s=0.5)) as manager:
        first = await manager.ready()
        await first.call("Sim.inject", {"kind": "freeze"})
        await first.ended.wait()
        second = await manager.ready()
        assert (await second.call("Browser.getVersion"))["product"] == "SimBrowser/1.0"
        assert manager.restarts == 1


async def test_a_half_open_socket_is_found_out_by_keep_alive_and_its_browser_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"PING_AFTER_S": 0.1, "PONG_WITHIN_S": 0.2, "TICK_S": 0.05}.items():
        monkeypatch.setattr(websocket, name, seconds)
    async with _managed(_options(tmp_path)) as manager:
        first = await manager.ready()
        await first.call("Sim.inject", {"kind": "half_open"})
        await first.ended.wait()
        assert "keep-alive" in str(first.lost_reason)
        await manager.ready()
        assert (manager.incarnation, manager.reconnects) == (1, 1)


async def test_a_profile_that_is_in_use_is_told_with_its_exit_code_and_its_reason(tmp_path: Path) -> None:
    with pytest.raises(BrowserFailedError) as failed:
        await BrowserProcess.start(_options(tmp_path, [Fault(kind="profile_in_use")]))
    assert "exit code 21" in failed.value.what
    assert "ProcessSingleton" in failed.value.why


async def test_one_that_lives_and_never_listens_is_given_up_at_the_start_deadline(tmp_path: Path) -> None:
    with pytest.raises(BrowserFailedError, match="did not listen"):
        await BrowserProcess.start(_options(tmp_path, [Fault(kind="silent_start")], timeout_s=0.3))


async def test_a_start_that_fails_once_is_tried_again_by_the_restart(tmp_path: Path) -> None:
    faults = [Fault(kind="browser_death", at="Target.createTarget"), Fault(kind="profile_in_use", start=2)]
    async with _managed(_options(tmp_path, faults)) as manager:
        first = await manager.ready()
        with pytest.raises(ConnectionLostError):
            await first.call("Target.createTarget", {"url": "about:blank"})
        await manager.ready()
    assert (tmp_path / "starts").read_bytes() == b"..."

"""The lifecycle manager with a shell script in place of the browser, and its DevTools endpoint served by the test."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import psutil
import pytest
from websockets import ConnectionClosedError
from websockets.asyncio.server import Server, ServerConnection, serve

from harness.basics.transitions import InvalidTransitionError
from harness.cdp.errors import BrowserFailedError, ConnectionLostError
from harness.cdp.finding import BrowserBinary
from harness.cdp.health import HealthPolicy
from harness.cdp.launch import LaunchOptions
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.process_stat import started_ticks
from harness.cdp.profile_folder import PREFIX
from harness.cdp.reconnect import ReconnectPolicy
from harness.cdp.recycling import RecyclePolicy
from harness.cdp.remote import RemoteEndpoint
from harness.cdp.states import BrowserState

QUICK = ReconnectPolicy(base_s=0.001, cap_s=0.001, attempts=2, stagger_window_s=0.0)
CALM = HealthPolicy(every_s=3600.0)
VERSION = {"product": "Fake/1", "protocolVersion": "1.3", "userAgent": "Fake"}


class Endpoint:
    """Answers every command; `muted` makes it take them and say nothing, `hangs_up` end each connection."""

    def __init__(self) -> None:
        self.muted = False
        self.hangs_up = False
        self.server: Server | None = None

    async def __call__(self, connection: ServerConnection) -> None:
        if self.hangs_up:
            return
        with contextlib.suppress(ConnectionClosedError):  # cut on purpose
            async for message in connection:
                if not self.muted:
                    await connection.send(json.dumps({"id": json.loads(message)["id"], "result": VERSION}))

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}/devtools/browser/x"


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    async with serve(endpoint, "127.0.0.1", 0) as endpoint.server:
        yield endpoint


class House:
    """Makes managers, and notes what they tell."""

    def __init__(self, events, folder: Path) -> None:
        self.events, self.folder = events, folder
        self.revoked: list[str] = []
        self.started: list[int] = []

    def script(self, text: str) -> LaunchOptions:
        path = self.folder / "browser"
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return LaunchOptions(BrowserBinary(path, "headless-shell", "test"), start_timeout_s=30.0)

    def browser(self, url: str) -> LaunchOptions:
        return self.script(f"echo 'DevTools listening on {url}' >&2\nexec sleep 60\n")

    def manager(
        self,
        launch: LaunchOptions,
        *,
        policy: ReconnectPolicy = QUICK,
        health: HealthPolicy = CALM,
        recycle: RecyclePolicy | None = None,
    ) -> CdpLifecycleManager:
        return CdpLifecycleManager(
            browser_id="b1",
            cohort="c1",
            cohort_index=0,
            cohorts=1,
            launch=launch,
            policy=policy,
            fence=OpenFence(),
            on_connection_lost=lambda _browser, reason: self.revoked.append(reason),
            log=self.events.log,
            rng=random.Random(1),
            health=health,
            recycle=recycle,
            on_started=lambda manager: self.started.append(manager.process.pid),
        )

    def states(self) -> list[str]:
        return [event["fields"]["to_state"] for event in self.events.all("browser.state")]

    def fields(self, name: str) -> list[dict]:
        return [event["fields"] for event in self.events.all(name)]


@pytest.fixture
def house(events, tmp_path: Path) -> House:
    return House(events, tmp_path)


@asynccontextmanager
async def running(manager: CdpLifecycleManager) -> AsyncIterator[CdpLifecycleManager]:
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        yield manager
        manager.stop()
    assert manager.state is BrowserState.STOPPED
    assert manager.process is None
    assert _profiles() == []


async def until(manager: CdpLifecycleManager, state: BrowserState) -> None:
    with anyio.fail_after(60):
        while manager.state is not state:
            await manager._changed.wait()


def _profiles() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


# --- start and stop


async def test_a_browser_is_started_asked_who_it_is_and_stopped(house: House, endpoint: Endpoint) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        assert manager.identity == ("Fake/1", "1.3", "Fake")
        connection = await manager.ready()
        assert await connection.call("X.y") == VERSION
        assert psutil.Process(house.started[0]).is_running()
    assert house.states() == ["healthy", "stopping", "stopped"]
    assert [event["pid"] for event in house.fields("browser.started")] == house.started
    (exited,) = house.fields("browser.exited")
    assert (exited["pid"], exited["planned"]) == (house.started[0], True)
    assert house.fields("cdp.connection_lost") == []
    with pytest.raises(BrowserFailedError, match="its state is stopped"):
        await manager.ready()
    with pytest.raises(ConnectionLostError):
        await connection.call("X.y")


async def test_leases_are_revoked_before_a_stopped_browsers_waiters_learn_of_it(
    house: House, endpoint: Endpoint
) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        connection = await manager.ready()
        endpoint.muted = True
        seen: list[int] = []

        async def wait() -> None:
            with pytest.raises(ConnectionLostError):
                await connection.call("X.y")
            seen.append(len(house.revoked))

        waiter = asyncio.create_task(wait())
        await anyio.wait_all_tasks_blocked()
    await waiter
    assert seen == [1]


async def test_a_first_start_that_fails_is_raised_as_it_is_with_what_the_browser_said(house: House) -> None:
    manager = house.manager(house.script("echo 'no display' >&2; exit 1"))
    async with anyio.create_task_group() as tasks:
        with pytest.raises(BrowserFailedError, match="no display"):
            await tasks.start(manager.run)
    assert house.states() == ["failed", "stopping", "stopped"]
    assert house.fields("browser.exited") == []
    assert _profiles() == []


async def test_a_browser_that_runs_but_does_not_answer_is_a_failed_start(house: House, endpoint: Endpoint) -> None:
    launch = house.browser(endpoint.url)
    endpoint.server.close()
    manager = house.manager(launch)
    async with anyio.create_task_group() as tasks:
        with pytest.raises(BrowserFailedError, match="did not accept a connection") as caught:
            await tasks.start(manager.run)
    assert caught.value.what == "the browser runs but does not answer"
    assert house.states() == ["failed", "stopping", "stopped"]
    assert _profiles() == []


async def test_a_manager_that_is_cancelled_during_its_start_leaves_nothing_behind(house: House, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    manager = house.manager(house.script(f"echo $$ > {ready}; sleep 60\n:"))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(manager.run)
        pid = int(await asyncio.to_thread(ready.read_text))
        tasks.cancel_scope.cancel()
    assert manager.state is BrowserState.STOPPED
    assert started_ticks(pid) is None
    assert _profiles() == []


async def test_a_manager_that_is_cancelled_while_it_runs_leaves_nothing_behind(
    house: House, endpoint: Endpoint
) -> None:
    manager = house.manager(house.browser(endpoint.url))
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        tasks.cancel_scope.cancel()
    assert house.states() == ["healthy", "stopping", "stopped"]
    assert started_ticks(house.started[0]) is None
    assert _profiles() == []


# --- losses


async def test_after_a_cut_the_same_browser_is_reached_again(house: House, endpoint: Endpoint) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        first = await manager.ready()
        manager.cut()
        await first.ended.wait()
        assert len(house.revoked) == 1
        second = await manager.ready()
        assert second is not first
        assert (second.generation, manager.incarnation, manager.reconnects, manager.restarts) == (2, 1, 1, 0)
        assert await second.call("X.y") == VERSION
    assert house.states() == ["healthy", "reconnecting", "healthy", "stopping", "stopped"]
    (failure,) = house.fields("failure.recorded")
    assert (failure["cause"], failure["containment"]) == ("connection_lost", "session_reattached")
    assert failure["injected"] is True
    assert len(house.fields("browser.exited")) == 1


async def test_after_a_kill_another_browser_runs_and_the_first_ones_end_is_told_once(
    house: House, endpoint: Endpoint
) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        await manager.ready()
        profile = manager.process.profile
        manager.kill()
        await until(manager, BrowserState.RESTARTING)
        await manager.ready()
        assert (manager.incarnation, manager.reconnects, manager.restarts) == (2, 0, 1)
        assert manager.process.profile != profile
        assert not profile.exists()
    assert len(set(house.started)) == 2
    exits = [(event["pid"], event["exit_code"], event["planned"]) for event in house.fields("browser.exited")]
    assert exits == [(house.started[0], -9, False), (house.started[1], -9, True)]
    (failure,) = house.fields("failure.recorded")
    assert (failure["cause"], failure["containment"]) == ("browser_died", "browser_restarted")
    assert failure["detail"] == "the process ended (exit code -9)"


async def test_a_browser_that_lives_but_cannot_be_reached_is_replaced(house: House, endpoint: Endpoint) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        await manager.ready()
        async with serve(endpoint, "127.0.0.1", 0) as other:
            endpoint.server.close()
            await endpoint.server.wait_closed()
            endpoint.server = other
            manager.launch = house.browser(endpoint.url)
            await until(manager, BrowserState.RESTARTING)
            await manager.ready()
    assert house.states()[1:4] == ["reconnecting", "restarting", "healthy"]
    assert [d["outcome"] for d in house.fields("reconnect.decision")] == ["first wait", "retry", "gave up"]
    assert started_ticks(house.started[0]) is None
    (failure,) = house.fields("failure.recorded")
    assert failure["injected"] is False
    assert "could not be reached again" in failure["detail"]


async def test_when_no_start_succeeds_the_browser_has_failed_and_the_manager_ends(
    house: House, endpoint: Endpoint
) -> None:
    manager = house.manager(house.browser(endpoint.url))
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        manager.launch = house.script("echo 'disk full' >&2; exit 1")
        manager.kill()
        await until(manager, BrowserState.RESTARTING)
        with pytest.raises(BrowserFailedError):
            await manager.ready()
    assert house.states() == ["healthy", "restarting", "failed", "stopping", "stopped"]
    (failure,) = house.fields("failure.recorded")
    assert (failure["cause"], failure["containment"]) == ("browser_start_failed", "run_stopped")
    assert "disk full" in failure["detail"]
    assert len(house.fields("browser.exited")) == 1
    assert _profiles() == []


async def test_a_spent_restart_budget_is_told_as_such(house: House, endpoint: Endpoint) -> None:
    policy = ReconnectPolicy(restarts_per_hour=0)
    manager = house.manager(house.browser(endpoint.url), policy=policy)
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        manager.kill()
    assert len(house.started) == 1
    (failure,) = house.fields("failure.recorded")
    assert failure["detail"] == "0 restarts in an hour are spent"


async def test_a_stop_does_not_wait_for_a_reconnect(house: House, endpoint: Endpoint) -> None:
    policy = ReconnectPolicy(base_s=3600.0, cap_s=3600.0)
    async with running(house.manager(house.browser(endpoint.url), policy=policy)) as manager:
        manager.cut()
        await until(manager, BrowserState.RECONNECTING)
        with pytest.raises(BrowserFailedError, match="its state is reconnecting"):
            await manager.ready(timeout_s=0.001)
    assert house.states() == ["healthy", "reconnecting", "stopping", "stopped"]


async def test_a_browser_that_does_not_answer_is_unhealthy_then_reached_anew(house: House, endpoint: Endpoint) -> None:
    health = HealthPolicy(every_s=0.01, deadline_s=0.02)
    async with running(house.manager(house.browser(endpoint.url), health=health)) as manager:
        endpoint.muted = True
        await until(manager, BrowserState.UNHEALTHY)
        await until(manager, BrowserState.RECONNECTING)
        endpoint.muted = False
        await manager.ready()
        assert manager.incarnation == 1
    assert house.states()[:4] == ["healthy", "unhealthy", "reconnecting", "healthy"]


async def test_a_browser_that_accepts_connections_and_answers_nothing_is_replaced(
    house: House, endpoint: Endpoint
) -> None:
    health = HealthPolicy(every_s=0.01, deadline_s=0.02)
    policy = ReconnectPolicy(base_s=0.001, cap_s=0.001, attempts=2, stagger_window_s=0.0, connect_timeout_s=0.05)
    async with running(house.manager(house.browser(endpoint.url), health=health, policy=policy)) as manager:
        endpoint.muted = True
        await until(manager, BrowserState.RESTARTING)
        endpoint.muted = False
        await manager.ready()
        assert manager.incarnation == 2
    assert [failure["cause"] for failure in house.fields("failure.recorded")] == ["browser_hung"]


async def test_a_stopped_browser_is_killed_without_trying_to_reach_it_again(house: House, endpoint: Endpoint) -> None:
    health = HealthPolicy(every_s=0.01, deadline_s=0.02)
    async with running(house.manager(house.browser(endpoint.url), health=health)) as manager:
        os.kill(manager.process.pid, signal.SIGSTOP)
        endpoint.muted = True
        await until(manager, BrowserState.RESTARTING)
        endpoint.muted = False
        await manager.ready()
    assert "reconnecting" not in house.states()
    assert [failure["cause"] for failure in house.fields("failure.recorded")] == ["browser_hung"]


async def test_a_browser_whose_connections_end_as_soon_as_they_stand_is_replaced(
    house: House, endpoint: Endpoint
) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        endpoint.hangs_up = True
        (await manager.ready()).abort()
        await until(manager, BrowserState.RESTARTING)
        endpoint.hangs_up = False
        await manager.ready()
        assert manager.incarnation == 2
    assert "end as soon as they stand" in house.fields("failure.recorded")[-1]["detail"]


async def test_a_browser_that_is_too_old_is_refused_with_its_version(
    house: House, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(VERSION, "product", "HeadlessChrome/90.0.4430.93")
    with pytest.raises(BrowserFailedError, match=r"HeadlessChrome/90.* 120 is the oldest"):
        await house.manager(house.browser(endpoint.url)).run()


async def test_helper_processes_that_were_restarted_are_told(
    house: House, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = itertools.count(100)
    browser = {"type": "browser", "id": 1}
    monkeypatch.setitem(VERSION, "processInfo", [browser, {"type": "GPU", "id": 99}])
    async with running(house.manager(house.browser(endpoint.url), health=HealthPolicy(every_s=0.001))):
        while len(house.fields("browser.helper_restarted")) < 2:
            VERSION["processInfo"] = [browser, {"type": "GPU", "id": next(pids)}]
            await anyio.sleep(0.005)
    assert {event["kind"] for event in house.fields("browser.helper_restarted")} == {"GPU"}


async def test_a_browser_elsewhere_that_was_out_of_reach_for_long_is_the_same_when_it_is_found_again(
    house: House, endpoint: Endpoint
) -> None:
    url, port = endpoint.url, endpoint.server.sockets[0].getsockname()[1]
    policy = ReconnectPolicy(base_s=0.001, cap_s=0.05, attempts=5, stagger_window_s=0.0)
    async with running(house.manager(RemoteEndpoint(url), policy=policy)) as manager:
        life = manager.life
        endpoint.server.close()
        await endpoint.server.wait_closed()
        await until(manager, BrowserState.RESTARTING)
        async with serve(endpoint, "127.0.0.1", port):
            await manager.ready()
            assert manager.life == life
            assert (manager.reconnects, manager.restarts) == (1, 0)
            manager.stop()
            await until(manager, BrowserState.STOPPED)
    (failure,) = house.fields("failure.recorded")
    assert (failure["cause"], failure["containment"]) == ("connection_lost", "session_reattached")


# --- planned restarts


async def test_a_browser_is_renewed_at_a_safe_point_as_no_failure(house: House, endpoint: Endpoint) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        finish = anyio.Event()

        async def work() -> None:
            async with manager.safe_point.working():
                first = await manager.ready()
                await finish.wait()
                assert first.lost_reason is None

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            tasks.start_soon(manager.recycler.recycle, "it is old")
            await anyio.wait_all_tasks_blocked()
            assert manager.incarnation == 1
            finish.set()
        assert (manager.incarnation, manager.recycled, manager.restarts) == (2, 1, 0)
        assert manager.safe_point.is_open
        assert await (await manager.ready()).call("X.y") == VERSION
    assert house.fields("failure.recorded") == []
    assert house.events.all("cdp.connection_lost") == []
    assert [event["outcome"] for event in house.fields("browser.recycling")] == ["waiting", "renewed"]
    assert [event["planned"] for event in house.fields("browser.exited")] == [True, True]


async def test_a_browser_whose_connection_was_just_lost_is_not_renewed_on_top_of_that(
    house: House, endpoint: Endpoint
) -> None:
    async with running(house.manager(house.browser(endpoint.url))) as manager:
        first = await manager.ready()
        first.abort()
        await first.ended.wait()
        assert not await manager.recycler.recycle("it is old")
        assert manager.safe_point.is_open
        await manager.ready()
        assert (manager.incarnation, manager.reconnects, manager.recycled) == (1, 1, 0)
        assert await manager.recycler.recycle("it is old")
    assert [event["outcome"] for event in house.fields("browser.recycling")][1::2] == ["not done", "renewed"]


async def test_a_planned_restart_that_finds_no_safe_point_is_put_off(house: House, endpoint: Endpoint) -> None:
    recycle = RecyclePolicy(quiesce_s=0.01)
    async with running(house.manager(house.browser(endpoint.url), recycle=recycle)) as manager:
        async with manager.safe_point.working():
            assert not await manager.recycler.recycle("it is old")
        assert (manager.incarnation, manager.recycled) == (1, 0)
    assert [event["outcome"] for event in house.fields("browser.recycling")] == ["waiting", "put off"]


async def test_a_browser_above_its_memory_is_renewed_by_itself(house: House, endpoint: Endpoint) -> None:
    recycle = RecyclePolicy(memory_mib=64, check_s=0.01)
    hog = f"import sys, time; block = bytearray(80 << 20); sys.stderr.write('DevTools listening on {endpoint.url}\\n')"
    launch = house.script(f'exec {sys.executable} -u -c "{hog}; time.sleep(60)"\n')
    async with running(house.manager(launch, recycle=recycle)) as manager:
        while not manager.recycled:
            await manager._changed.wait()
    assert "is above 64 MiB" in house.fields("browser.recycling")[0]["reason"]


async def test_a_browser_that_answers_again_in_time_is_healthy_again(house: House, endpoint: Endpoint) -> None:
    health = HealthPolicy(every_s=0.01, deadline_s=0.5)
    async with running(house.manager(house.browser(endpoint.url), health=health)) as manager:
        first = await manager.ready()
        endpoint.muted = True
        await until(manager, BrowserState.UNHEALTHY)
        endpoint.muted = False
        assert await manager.ready() is first


async def test_a_state_never_moves_against_the_table(house: House, endpoint: Endpoint) -> None:
    manager = house.manager(house.browser(endpoint.url))
    with pytest.raises(InvalidTransitionError):
        manager._set(BrowserState.RECONNECTING, "a defect")
    assert manager.state is BrowserState.STARTING
    assert house.states() == []


async def test_faults_are_made_on_a_healthy_browser_only(house: House, endpoint: Endpoint) -> None:
    manager = house.manager(house.browser(endpoint.url))
    manager.cut()
    manager.kill()
    assert house.fields("fault.injected") == []

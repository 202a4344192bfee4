"""The lifecycle of one browser: start, watch, reconnect, restart, stop; one transition table decides what may follow what.

A dead socket is not a dead browser: the manager first tries to reach the same browser again (same process, same start
time, same DevTools id in the address) and only then starts another one, in a new profile. Before it reconnects, restarts
or closes, the leases of everything that the browser held are revoked through the `on_connection_lost` port.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import anyio
import anyio.abc

from harness.basics.failures import Cause, Containment
from harness.basics.ids import new_failure_id
from harness.cdp.connection import Connection
from harness.cdp.errors import BrowserFailedError, CdpError, ConnectFailedError, ConnectionLostError
from harness.cdp.launch import BrowserProcess, LaunchOptions
from harness.cdp.ports import ConnectionLostPort, Fence
from harness.cdp.reconnect import BrowserGoneError, Reconnector, ReconnectPolicy
from harness.cdp.states import BROWSER_TRANSITIONS, BrowserState
from harness.cdp.transport import Transport, WebSocketTransport
from harness.telemetry.pipeline import Log


class BrowserIdentity(NamedTuple):
    """What runs: told by the browser itself, not by its file name."""

    product: str
    protocol: str
    user_agent: str


class HealthPolicy(NamedTuple):
    """A ping on the browser each `every_s`; two in a row unanswered within `deadline_s` end the connection."""

    every_s: float = 2.0
    deadline_s: float = 3.0


class CdpLifecycleManager:
    """Owns one browser process and its connection. Run it in a task group; workers ask `ready()` for the connection."""

    def __init__(
        self,
        *,
        browser_id: str,
        cohort: str,
        cohort_index: int,
        cohorts: int,
        launch: LaunchOptions,
        policy: ReconnectPolicy,
        fence: Fence,
        on_connection_lost: ConnectionLostPort,
        log: Log,
        rng: random.Random,
        command_timeout_s: float = 10.0,
        health: HealthPolicy | None = None,
        on_started: Callable[[CdpLifecycleManager], None] = lambda _: None,
    ) -> None:
        self.browser_id, self.cohort = browser_id, cohort
        self.state = BrowserState.STARTING
        self.identity: BrowserIdentity | None = None
        self.launch = launch
        self.process: BrowserProcess | None = None
        self.incarnation = 0
        self.reconnects = 0
        self.restarts = 0
        self._policy = policy
        self._fence = fence
        self._on_connection_lost = on_connection_lost
        self._on_started = on_started
        self._log = log
        self._command_timeout_s = command_timeout_s
        self._health = health or HealthPolicy()
        self._reconnector = Reconnector(
            policy, browser_id=browser_id, cohort=cohort, cohort_index=cohort_index, cohorts=cohorts, log=log, rng=rng
        )
        self._connection: Connection | None = None
        self._generation = 0
        self._changed = anyio.Event()
        self._stopping = anyio.Event()
        self._planned_fault: str | None = None
        self._restart_times: deque[float] = deque()

    # --- state

    def _set(self, state: BrowserState, reason: str) -> None:
        BROWSER_TRANSITIONS.check(self.browser_id, self.state, state)
        before, self.state = self.state, state
        self._log.info(
            "browser.state",
            browser_id=self.browser_id,
            cohort=self.cohort,
            from_state=before.value,
            to_state=state.value,
            reason=reason,
        )
        self._changed.set()
        self._changed = anyio.Event()

    async def ready(self, timeout_s: float = 60.0) -> Connection:
        """The connection of the healthy browser, waiting for it; BrowserFailedError when it failed or takes too long."""
        with anyio.move_on_after(timeout_s):
            while True:
                if self.state is BrowserState.HEALTHY and self._connection and not self._connection.lost_reason:
                    return self._connection
                if self.state in {BrowserState.FAILED, BrowserState.STOPPED, BrowserState.STOPPING}:
                    break
                await self._changed.wait()
        raise BrowserFailedError(
            f"browser {self.browser_id} is not available",
            why=f"its state is {self.state.value}",
            browser_id=self.browser_id,
        )

    @property
    def connection(self) -> Connection | None:
        """The present connection, healthy or not."""
        return self._connection

    # --- the life

    async def run(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Start the browser, keep it reachable, and take it away when `stop` is called or the task is cancelled.

        Raises BrowserFailedError when the first start fails.
        """
        try:
            async with anyio.create_task_group() as tasks:
                await self._start_process(tasks)
                self._set(BrowserState.HEALTHY, "started")
                task_status.started()
                tasks.start_soon(self._watch_health, name=f"health {self.browser_id}")
                while not self._stopping.is_set() and self.state is not BrowserState.FAILED:
                    await self._next_end()
                    if not self._stopping.is_set():
                        await self._recover(tasks)
                tasks.cancel_scope.cancel()
        except BrowserFailedError as error:
            self._set(BrowserState.FAILED, error.why)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await self._shut_down()

    async def _next_end(self) -> None:
        """Wait until the connection ends or the manager is asked to stop."""
        assert self._connection is not None
        ended = self._connection.ended
        async with anyio.create_task_group() as either:

            async def stop_when(wait: Callable[[], Any]) -> None:
                await wait()
                either.cancel_scope.cancel()

            either.start_soon(stop_when, ended.wait)
            either.start_soon(stop_when, self._stopping.wait)

    def stop(self) -> None:
        """Ask for the end; `run` returns when browser, profile and connection are gone."""
        self._stopping.set()

    async def _start_process(self, tasks: anyio.abc.TaskGroup) -> None:
        started = time.monotonic()
        self.process = await BrowserProcess.start(self.launch)
        self.incarnation += 1
        transport = await WebSocketTransport.open(self.process.endpoint, self.launch.start_timeout_s)
        await self._adopt(tasks, transport, attempts=1)
        assert self._connection is not None
        version = await self._connection.call("Browser.getVersion")
        self.identity = BrowserIdentity(version["product"], version["protocolVersion"], version["userAgent"])
        if self.launch.no_sandbox:
            self._log.warning(
                "sandbox.disabled", browser_id=self.browser_id, reason="Chromium as uid 0 cannot start with it"
            )
        self._log.info(
            "browser.started",
            browser_id=self.browser_id,
            cohort=self.cohort,
            product=self.identity.product,
            pid=self.process.pid,
            kind=self.launch.binary.kind,
            startup_ms=(time.monotonic() - started) * 1e3,
        )
        self._on_started(self)

    async def _adopt(self, tasks: anyio.abc.TaskGroup, transport: Transport, attempts: int) -> None:
        self._generation += 1
        self._connection = Connection(
            transport,
            browser_id=self.browser_id,
            cohort=self.cohort,
            generation=self._generation,
            fence=self._fence,
            log=self._log,
            on_lost=lambda reason: self._on_connection_lost(self.browser_id, reason),
            timeout_s=self._command_timeout_s,
        )
        tasks.start_soon(self._connection.run, name=f"reader {self.browser_id}")
        self._log.info(
            "cdp.connected",
            browser_id=self.browser_id,
            cohort=self.cohort,
            generation=self._generation,
            attempts=attempts,
        )

    async def _recover(self, tasks: anyio.abc.TaskGroup) -> None:
        """After a loss: the same browser again if it lives, another one if not."""
        assert self.process is not None
        process = self.process
        planned, self._planned_fault = self._planned_fault, None
        with anyio.move_on_after(0.25):  # a killed browser's exit arrives just after its socket's end
            await process.exited.wait()
        if process.is_alive():
            self._set(BrowserState.RECONNECTING, "the connection ended, the process lives")
            try:
                transport, attempts = await self._reconnector.reconnect(self._connect_again, "connection_lost")
                await self._adopt(tasks, transport, attempts)
            except (ConnectFailedError, BrowserGoneError) as error:
                await self._restart(tasks, f"it could not be reached again: {error}", planned)
                return
            self.reconnects += 1
            self._set(BrowserState.HEALTHY, "the same browser answers again")
            self._record(Cause.CONNECTION_LOST, Containment.SESSION_REATTACHED, "cdp.connection", planned)
            return
        await self._restart(tasks, f"the process ended (exit code {process.exit_code})", planned)

    async def _connect_again(self) -> Transport:
        assert self.process is not None
        if not self.process.is_alive():
            raise BrowserGoneError(f"process {self.process.pid} is gone")
        # The address holds the browser's own id: another browser on the same port answers it with 404.
        return await WebSocketTransport.open(self.process.endpoint, self._policy.connect_timeout_s)

    async def _restart(self, tasks: anyio.abc.TaskGroup, reason: str, planned: str | None) -> None:
        assert self.process is not None
        self._set(BrowserState.RESTARTING, reason)
        self._tell_exit(planned=False)
        self.process.kill()
        await self.process.stop()
        now = time.monotonic()
        while self._restart_times and now - self._restart_times[0] > 3600:
            self._restart_times.popleft()
        self._restart_times.append(now)
        error: Exception | None = None
        if len(self._restart_times) <= self._policy.restarts_per_hour:
            for _ in range(3):
                try:
                    await self._start_process(tasks)
                except (BrowserFailedError, ConnectFailedError, CdpError) as failed:
                    error = failed
                    if self.process is not None:
                        await self.process.stop()
                    continue
                self.restarts += 1
                self._set(BrowserState.HEALTHY, "a new browser runs")
                self._record(Cause.BROWSER_DIED, Containment.BROWSER_RESTARTED, "browser.process", planned, reason)
                return
        self._set(BrowserState.FAILED, f"the restart budget is spent: {error or self._policy.restarts_per_hour}")
        self._record(Cause.BROWSER_START_FAILED, Containment.RUN_STOPPED, "browser.process", planned, str(error))

    def _record(
        self, cause: Cause, containment: Containment, operation: str, planned: str | None, detail: str = ""
    ) -> None:
        self._log.error(
            "failure.recorded",
            failure_id=new_failure_id(),
            category=cause.category.value,
            cause=cause.value,
            containment=containment.value,
            operation=operation,
            detail=detail or f"browser {self.browser_id}, cohort {self.cohort}",
            injected=planned is not None,
            browser_id=self.browser_id,
        )

    def _tell_exit(self, *, planned: bool) -> None:
        assert self.process is not None
        self._log.info(
            "browser.exited",
            browser_id=self.browser_id,
            cohort=self.cohort,
            pid=self.process.pid,
            exit_code=self.process.exit_code,
            planned=planned,
            stderr_tail=self.process.stderr_tail()[-500:],
        )

    async def _watch_health(self) -> None:
        misses = 0
        while True:
            await anyio.sleep(self._health.every_s)
            connection = self._connection
            if self.state not in {BrowserState.HEALTHY, BrowserState.UNHEALTHY} or connection is None:
                continue
            try:
                await connection.call("Browser.getVersion", timeout_s=self._health.deadline_s)
            except ConnectionLostError:
                continue
            except CdpError as error:
                misses += 1
                if self.state is BrowserState.HEALTHY:
                    self._set(BrowserState.UNHEALTHY, str(error))
                if misses >= 2:
                    connection.abort()
                continue
            misses = 0
            if self.state is BrowserState.UNHEALTHY:
                self._set(BrowserState.HEALTHY, "it answers again")

    async def _shut_down(self) -> None:
        if self.state is not BrowserState.STOPPING:
            self._set(BrowserState.STOPPING, "asked to stop")
        if self._connection is not None:
            await self._connection.close()
        if self.process is not None:
            await self.process.stop()
            self._tell_exit(planned=True)
        self._set(BrowserState.STOPPED, "gone")

    # --- faults made on purpose

    def cut(self) -> None:
        """Cut the connection as a network fault would; recorded in `audit` before it happens."""
        if self._connection is not None and self.state is BrowserState.HEALTHY:
            self._planned_fault = "cut"
            self._log.warning("fault.injected", kind="connection_cut", browser_id=self.browser_id)
            self._connection.abort()

    def kill(self) -> None:
        """SIGKILL the browser process; recorded in `audit` before it happens."""
        if self.process is not None and self.state is BrowserState.HEALTHY:
            self._planned_fault = "kill"
            self._log.warning("fault.injected", kind="browser_kill", browser_id=self.browser_id)
            self.process.kill()

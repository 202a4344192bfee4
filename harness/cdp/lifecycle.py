"""The lifecycle of one browser: start, watch, reconnect, restart, stop; one transition table decides what may follow what.

A dead socket is not a dead browser: the manager first tries to reach the same browser again (same process, same start
time, same DevTools id in the address) and only then starts another one, in a new profile. Before it reconnects, restarts
or closes, the leases of everything that the browser held are revoked through the `on_connection_lost` port.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import anyio
import anyio.abc
import anyio.to_thread

from harness.basics.errors import OperationError
from harness.basics.failures import Cause, Containment
from harness.cdp.browser_facts import why_unusable
from harness.cdp.connection import Connection
from harness.cdp.errors import (
    BrowserFailedError,
    BrowserGoneError,
    CdpError,
    CommandTimeoutError,
    ConnectFailedError,
)
from harness.cdp.health import BrowserHealth, HealthPolicy, HealthWatch
from harness.cdp.launch import BrowserProcess, LaunchOptions
from harness.cdp.lifecycle_log import BrowserIdentity, LifecycleLog
from harness.cdp.observing import CommandMetrics, both, telling
from harness.cdp.ports import CommandObserver, ConnectionLostPort, Fence, RendererHungPort
from harness.cdp.process_stat import Activity
from harness.cdp.reconnect import Reconnector, ReconnectPolicy
from harness.cdp.reconnect_coordinator import ReconnectCoordinator, endpoint_of
from harness.cdp.recycling import RecyclePolicy, Recycler
from harness.cdp.remote import RemoteBrowser, RemoteEndpoint
from harness.cdp.renderer_watch import RendererPolicy, RendererWatch
from harness.cdp.restart_budget import RestartBudget
from harness.cdp.safe_point import SafePoint
from harness.cdp.session import Session
from harness.cdp.states import BROWSER_TRANSITIONS, BrowserState
from harness.cdp.transport import Transport
from harness.telemetry.pipeline import Log

STARTS_PER_RESTART = 3
_LAST_WORDS_S = 0.5
_FLAP_S = 0.5  # a connection that ends sooner was none
_COUNT_EACH = 5  # helper processes are looked at with each fifth question
_RECYCLE_AGAIN_S = 60.0
_OVER = frozenset({BrowserState.FAILED, BrowserState.STOPPING, BrowserState.STOPPED})


class CdpLifecycleManager:
    """Owns one browser process and its connection. Run it in a task group; workers ask `ready()` for the connection.

    observe: told of each command; without it, `metrics` count them and each becomes an event of the chain.
    """

    def __init__(
        self,
        *,
        browser_id: str,
        cohort: str,
        cohort_index: int,
        cohorts: int,
        launch: LaunchOptions | RemoteEndpoint,
        policy: ReconnectPolicy,
        fence: Fence,
        on_connection_lost: ConnectionLostPort,
        log: Log,
        rng: random.Random,
        command_timeout_s: float = 10.0,
        health: HealthPolicy | None = None,
        coordinator: ReconnectCoordinator | None = None,
        on_started: Callable[[CdpLifecycleManager], None] = lambda _: None,
        metrics: CommandMetrics | None = None,
        observe: CommandObserver | None = None,
        renderers: RendererPolicy | None = None,
        on_renderer_hung: RendererHungPort = lambda _scope, _reason: None,
        recycle: RecyclePolicy | None = None,
    ) -> None:
        self.browser_id, self.cohort = browser_id, cohort
        self.state = BrowserState.STARTING
        self.identity: BrowserIdentity | None = None
        self.launch = launch
        self.process: BrowserProcess | RemoteBrowser | None = None
        self.incarnation = 0
        self.reconnects = 0
        self.restarts = 0
        self.recycled = 0
        self._policy = policy
        self._fence = fence
        self._on_connection_lost = on_connection_lost
        self._on_started = on_started
        self._log = log
        self._tell = LifecycleLog(log, browser_id=browser_id, cohort=cohort)
        self._command_timeout_s = command_timeout_s
        self._health = BrowserHealth(health or HealthPolicy(), self._activity)
        self._renderers = renderers or RendererPolicy()
        self._on_renderer_hung = on_renderer_hung
        self._renewing = ""
        self._hung = ""
        self.started_s = self._connected_s = 0.0
        self._flaps = 0
        self.safe_point = SafePoint()
        """Whoever works on the browser says so here: planned restarts wait for it."""
        self.recycler = Recycler(self, recycle or RecyclePolicy(), self.safe_point, self._tell, rng)
        self._reconnector = Reconnector(
            policy,
            browser_id=browser_id,
            cohort=cohort,
            cohort_index=cohort_index,
            cohorts=cohorts,
            log=log,
            rng=rng,
            coordinator=coordinator,
        )
        self._connection: Connection | None = None
        self._generation = 0
        self._changed = anyio.Event()
        self._stopping = anyio.Event()
        self.metrics = metrics or CommandMetrics()
        self._observe = observe or both(self.metrics, telling(log))
        self._planned_fault: str | None = None
        self._budget = RestartBudget(policy.restarts_per_hour, time.monotonic)
        self._told_start = False

    # --- state

    def _set(self, state: BrowserState, reason: str) -> None:
        BROWSER_TRANSITIONS.check(self.browser_id, self.state, state)
        before, self.state = self.state, state
        self._tell.state(before, state, reason)
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
    def is_launched(self) -> bool:
        """Whether the browser is ours, so that its end is certain once we have ended it."""
        return not isinstance(self.launch, RemoteEndpoint)

    @property
    def life(self) -> object:
        """Which browser process it is: pages and contexts live as long as it stays the same. One that runs elsewhere is the
        same for as long as its DevTools id is, however often it was given up and found again."""
        if isinstance(self.process, RemoteBrowser):
            return self.process.endpoint
        return self.incarnation

    @property
    def connection(self) -> Connection | None:
        """The present connection, healthy or not."""
        return self._connection

    # --- the life

    async def run(self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Start the browser, keep it reachable, and take it away when `stop` is called or the task is cancelled.

        Raises BrowserFailedError when the first start fails.
        """
        failure: BrowserFailedError | None = None
        try:
            async with anyio.create_task_group() as tasks:
                try:
                    await self._start_process(tasks)
                except OperationError as error:  # raised below: out of the group it would come in a group of one
                    failure = _start_failure(error, self.launch)
                    self._set(BrowserState.FAILED, str(failure))
                    tasks.cancel_scope.cancel()
                else:
                    self._set(BrowserState.HEALTHY, "started")
                    task_status.started()
                    watch = HealthWatch(self, self._health, self._tell)
                    tasks.start_soon(watch.run, name=f"health {self.browser_id}")
                    tasks.start_soon(self.recycler.run, name=f"recycling {self.browser_id}")
                    tasks.start_soon(self._cancel_when_stopping, tasks.cancel_scope, name=f"stop {self.browser_id}")
                    await self._keep(tasks)
                    tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._shut_down()
        if failure is not None:
            raise failure

    async def _keep(self, tasks: anyio.abc.TaskGroup) -> None:
        """Bring the connection back each time it ends, until no restart is left."""
        while self.state is not BrowserState.FAILED:
            assert self._connection is not None
            await self._connection.ended.wait()
            await self._recover(tasks)

    async def _cancel_when_stopping(self, scope: anyio.CancelScope) -> None:
        await self._stopping.wait()
        scope.cancel()

    def stop(self) -> None:
        """Ask for the end; `run` returns when browser, profile and connection are gone."""
        self._stopping.set()

    async def _start_process(self, tasks: anyio.abc.TaskGroup) -> None:
        started = time.monotonic()
        if isinstance(self.launch, RemoteEndpoint):
            self.process = await RemoteBrowser.start(self.launch)
        else:
            self.process = await BrowserProcess.start(self.launch)
        self.incarnation += 1
        self._told_start = False
        tasks.start_soon(self._cut_at_exit, self.process, name=f"exit {self.browser_id}")
        transport = await self.process.connect(self.launch.start_timeout_s)
        connection = self._adopt(tasks, transport, attempts=1)
        try:
            version = await connection.call("Browser.getVersion", timeout_s=self.launch.start_timeout_s)
            await self._prepare(connection, self.launch.start_timeout_s)
        except CdpError as error:
            raise await self._silent_start(self.process, error) from error
        await self.process.identify()
        self.started_s = time.monotonic()
        self._health.answered()
        self.identity = BrowserIdentity(version["product"], version["protocolVersion"], version["userAgent"])
        why = why_unusable(self.identity.product, self.identity.protocol)
        if why:
            raise BrowserFailedError("the browser cannot be worked with", why=why, browser_id=self.browser_id)
        if self.launch.no_sandbox:
            self._tell.unsandboxed()
        startup_ms = (time.monotonic() - started) * 1e3
        self._tell.started(self.identity, pid=self.process.pid, kind=self.launch.kind, startup_ms=startup_ms)
        self._told_start = True
        self._on_started(self)

    def _activity(self) -> Activity | None:
        return self.process.activity() if self.process is not None else None

    async def _cut_at_exit(self, process: BrowserProcess | RemoteBrowser) -> None:
        """A browser that is gone is lost, whoever else may hold its socket open."""
        await process.exited.wait()
        if self.process is process and self._connection is not None:
            self._connection.abort()

    async def _prepare(self, connection: Connection, timeout_s: float) -> None:
        """What every new connection asks first: to be told of targets that crash, come and go."""
        await connection.call("Target.setDiscoverTargets", {"discover": True}, timeout_s=timeout_s)

    async def _silent_start(self, process: BrowserProcess | RemoteBrowser, error: CdpError) -> BrowserFailedError:
        with anyio.move_on_after(_LAST_WORDS_S):  # what it died of arrives on another pipe
            await process.exited.wait()
        return BrowserFailedError(
            "the browser ended before it answered"
            if process.exited.is_set()
            else "the browser runs but does not answer",
            why=process.stderr_tail() or str(error),
            browser_id=self.browser_id,
        )

    def _adopt(self, tasks: anyio.abc.TaskGroup, transport: Transport, attempts: int) -> Connection:
        self._generation += 1
        self._connected_s = time.monotonic()
        self._connection = connection = Connection(
            transport,
            browser_id=self.browser_id,
            cohort=self.cohort,
            generation=self._generation,
            fence=self._fence,
            log=self._log,
            on_lost=lambda reason: self._on_connection_lost(self.browser_id, reason),
            observe=self._observe,
            timeout_s=self._command_timeout_s,
        )
        tasks.start_soon(connection.run, name=f"reader {self.browser_id}")
        watch = RendererWatch(connection, self._renderers, self._renderer_hung)
        tasks.start_soon(watch.run, name=f"renderers {self.browser_id}")
        self._tell.connected(generation=self._generation, attempts=attempts)
        return connection

    async def _recover(self, tasks: anyio.abc.TaskGroup) -> None:
        """After a loss: the same browser again if it lives, another one if not."""
        assert self.process is not None
        process = self.process
        planned, self._planned_fault = self._planned_fault, None
        lived_s = time.monotonic() - self._connected_s
        self._flaps = self._flaps + 1 if lived_s < _FLAP_S else 0
        if self._renewing:
            await self._renew(tasks)
            return
        with anyio.move_on_after(0.25):  # a killed browser's exit arrives just after its socket's end
            await process.exited.wait()
        if not process.is_alive():
            await self._restart(tasks, "the process ended", planned)
            return
        if not process.reconnectable:
            await self._restart(tasks, "its pipe ended, and it ends with that", planned)
            return
        if self._flaps > self._policy.attempts:
            self._flaps = 0
            await self._restart(tasks, "its connections end as soon as they stand", planned)
            return
        self._set(BrowserState.RECONNECTING, "the connection ended, the process lives")
        try:
            endpoint = endpoint_of(process.endpoint)
            transport, attempts = await self._reconnector.reconnect(self._connect_again, "connection_lost", endpoint)
        except (ConnectFailedError, BrowserGoneError) as error:
            await self._restart(tasks, f"it could not be reached again: {error}", planned)
            return
        connection = self._adopt(tasks, transport, attempts)
        if not await self._answers(connection):
            await self._restart(tasks, "it accepts connections and answers nothing", planned)
            return
        self.reconnects += 1
        self._set(BrowserState.HEALTHY, "the same browser answers again")
        self._tell.failure(
            Cause.CONNECTION_LOST, Containment.SESSION_REATTACHED, "cdp.connection", injected=planned is not None
        )

    async def _answers(self, connection: Connection) -> bool:
        """Whether the browser answers over a new connection; one that is lost again counts as answering, and is told."""
        while True:
            try:
                await self._prepare(connection, self._policy.connect_timeout_s)
            except CommandTimeoutError:
                if self._health.missed() == "hung":
                    self._hung = f"it hangs: {self._health.misses} questions in a row without an answer"
                    return False
            except CdpError:
                connection.abort()
                return True
            else:
                self._health.answered()
                return True

    async def _connect_again(self) -> Transport:
        assert self.process is not None
        process = self.process
        if not process.is_alive():
            raise BrowserGoneError(f"process {process.pid} is gone")
        activity = process.activity()
        if activity is not None and activity.stopped:
            self._hung = "it hangs: its process is stopped"
            raise BrowserGoneError(f"process {process.pid} is stopped")
        try:
            # The address holds the browser's own id: another browser on the same port answers it with 404.
            return await process.connect(self._policy.connect_timeout_s)
        except ConnectFailedError as error:
            if isinstance(error.__cause__, TimeoutError) and self._health.missed() == "hung":
                self._hung = f"it hangs: {self._health.misses} questions in a row without an answer"
                raise BrowserGoneError(f"process {process.pid} does not answer") from error
            raise

    async def _restart(self, tasks: anyio.abc.TaskGroup, reason: str, planned: str | None) -> None:
        hung, self._hung = self._hung, ""
        reason, life = hung or reason, self.life
        self._set(BrowserState.RESTARTING, reason)
        exit_code = await self._end_process(planned=False)
        why = f"{self._budget.per_hour} restarts in an hour are spent"
        if self._budget.spend():
            why = await self._start_another(tasks, "a new browser runs" if self.is_launched else "found again")
        if why:
            self._set(BrowserState.FAILED, why)
            self._tell.failure(
                Cause.BROWSER_START_FAILED,
                Containment.RUN_STOPPED,
                "browser.process",
                injected=planned is not None,
                detail=why,
            )
            return
        if not self.is_launched and self.life == life:
            self.reconnects += 1
            self._tell.failure(
                Cause.CONNECTION_LOST,
                Containment.SESSION_REATTACHED,
                "cdp.connection",
                injected=planned is not None,
                detail=f"{reason}; the same browser was found again",
            )
            return
        self.restarts += 1
        self._tell.failure(
            Cause.BROWSER_HUNG if hung else Cause.BROWSER_DIED,
            Containment.BROWSER_RESTARTED,
            "browser.process",
            injected=planned is not None,
            detail=f"{reason} (exit code {exit_code})",
        )

    async def _renew(self, tasks: anyio.abc.TaskGroup) -> None:
        """A planned restart: no failure, and not counted against the budget."""
        self._set(BrowserState.RESTARTING, f"planned: {self._renewing}")
        await self._end_process(planned=True)
        why = await self._start_another(tasks, "renewed as planned")
        self._renewing = ""
        if why:
            self._set(BrowserState.FAILED, why)
            self._tell.failure(
                Cause.BROWSER_START_FAILED, Containment.RUN_STOPPED, "browser.process", injected=False, detail=why
            )
            return
        self.recycled += 1

    async def _start_another(self, tasks: anyio.abc.TaskGroup, done: str) -> str:
        """Start until one is healthy; returns why none is, or nothing. One that runs elsewhere is only waited for."""
        why = ""
        tries, pause_s = (STARTS_PER_RESTART, 0.0) if self.is_launched else (self._policy.attempts, self._policy.cap_s)
        for number in range(tries):
            if number:
                await anyio.sleep(pause_s)
            try:
                await self._start_process(tasks)
            except OperationError as error:
                why = f"{tries} starts failed, at last with: {error}"
                await self._end_process(planned=False)
                continue
            self._set(BrowserState.HEALTHY, done)
            return ""
        return why

    async def _end_process(self, *, planned: bool) -> int | None:
        """Kill the process that there is, if any, and tell the end of one whose start was told; returns its exit code."""
        process = self.process
        if process is None:
            return None
        process.kill()
        await process.stop()
        self.process = None
        if self._told_start:
            self._tell.exited(process, planned=planned)
        return process.exit_code

    # --- watching

    def suspect(self, why: str) -> None:
        """It did not answer: nobody new is given its connection."""
        if self.state is BrowserState.HEALTHY:
            self._set(BrowserState.UNHEALTHY, why)

    def trust(self) -> None:
        """It answers."""
        if self.state is BrowserState.UNHEALTHY:
            self._set(BrowserState.HEALTHY, "it answers again")

    def end_hung(self, connection: Connection) -> None:
        """A stopped process is killed, and so is one that hangs behind a pipe. Behind a socket it may be the connection that
        hangs: the browser is asked over another one first, and killed when it does not answer there either."""
        activity, process = self._activity(), self.process
        if process is not None and (not process.reconnectable or (activity is not None and activity.stopped)):
            self._hung = f"it hangs: {self._health.misses} questions in a row without an answer"
            process.kill()
        connection.abort()

    def _renderer_hung(self, session: Session) -> None:
        reason = "its renderer does not answer, and the browser does"
        self._on_renderer_hung(session.scope, reason)
        detail = f"browser {self.browser_id}, target {session.target_id}"
        self._tell.failure(
            Cause.RENDERER_HUNG,
            Containment.PAGE_CLOSED,
            "cdp.session",
            injected=False,
            detail=detail,
            ids=session.correlation,
        )

    async def renew(self, reason: str) -> bool:
        """A planned restart, to be asked for at a safe point: see `Recycler`. False when it was not needed, or failed."""
        connection = self._connection
        if self.state is not BrowserState.HEALTHY or connection is None or connection.lost_reason is not None:
            return False  # what is being recovered from is not renewed on top of it
        if not self.is_launched:
            return False
        self._renewing = reason
        await connection.close()
        while self._renewing and self.state not in _OVER:
            await self._changed.wait()
        return self.state is BrowserState.HEALTHY

    # --- the end

    async def _shut_down(self) -> None:
        self._set(BrowserState.STOPPING, "asked to stop" if self.state is not BrowserState.FAILED else "it has failed")
        if self._connection is not None:
            await self._connection.close()
        await self._end_process(planned=True)
        self._set(BrowserState.STOPPED, "gone")

    # --- faults made on purpose

    def cut(self) -> None:
        """Cut the connection as a network fault would; recorded in `audit` before it happens."""
        if self._may_hurt("connection_cut") and self._connection is not None:
            self._planned_fault = "cut"
            self._connection.abort()

    def kill(self) -> None:
        """SIGKILL the browser process; recorded in `audit` before it happens."""
        if self._may_hurt("browser_kill") and self.process is not None:
            self._planned_fault = "kill"
            self.process.kill()

    def _may_hurt(self, kind: str) -> bool:
        """Only a healthy browser is hurt: what a fault would mean for another one is not known."""
        healthy = self.state is BrowserState.HEALTHY
        self._tell.fault(kind, made=healthy)
        return healthy


def _start_failure(error: OperationError, launch: LaunchOptions | RemoteEndpoint) -> BrowserFailedError:
    if isinstance(error, BrowserFailedError):
        return error
    if isinstance(launch, RemoteEndpoint):
        failure = BrowserFailedError(
            f"no browser could be attached to at {launch.url}",
            why=error.why or error.what,
            todo="start one there (--remote-debugging-port), or correct browser.endpoints of the profile",
        )
    else:
        failure = BrowserFailedError("the browser runs but does not answer", why=str(error))
    failure.__cause__ = error
    return failure

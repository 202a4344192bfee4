"""How long the harness takes to recover from each fault, injected into a real Chromium; `docs/faults.md` has the rows.

Socket drop, renderer crash and browser kill are injected 200 times each, the others 25 times, over both transports where
the fault exists on both. Each trial runs from the moment of the fault until a page of the browser answers again, under the
product's own defaults; only the restart budget is raised. p99 is told of 200 trials, the maximum of fewer.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import msgspec
import psutil

from harness.basics.errors import OperationError
from harness.cdp.connection import Connection
from harness.cdp.finding import BrowserBinary, find_browser
from harness.cdp.launch import BrowserProcess, LaunchOptions, TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.profile_folder import PREFIX
from harness.cdp.reconnect_coordinator import ReconnectCoordinator
from harness.cdp.session import Session
from harness.settings.reconnect_profile import DEFAULT_RECONNECT, shipped_reconnects
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from harness.testing.relay import Relay
from scripts.benches.figures import BenchOptions, Figure

MANY, SOME = 200, 25
QUICK_MANY, QUICK_SOME = 5, 1
RECOVERS_WITHIN_S = 90.0
"""A trial that takes longer has failed; the next one gets a new browser."""
HUNG_DEADLINE_S = 1.0
LEFT_AFTER_S = 5.0
FOR_EVER = "new Promise(() => {})"


class Times(NamedTuple):
    """One trial. detected_s: until the loss was known; recovered_s: until a page answered again."""

    detected_s: float
    recovered_s: float


class Bed(NamedTuple):
    """What a trial works on: a browser with one page, whose session may be lost."""

    manager: CdpLifecycleManager
    connection: Connection
    page: Session
    incarnation: int

    async def reached_again(self) -> None:
        """Return when the browser, or the one that follows it, answers on a page: the same one, where it survived.

        A browser that is ending still refuses things for a moment before its connection ends.
        """
        while True:
            try:
                await self._reach()
                return
            except OperationError:
                await asyncio.sleep(0.01)

    async def _reach(self) -> None:
        connection = await self.manager.ready(RECOVERS_WITHIN_S)
        if connection is not self.connection and self.manager.incarnation == self.incarnation:
            session = await connection.attach(self.page.target_id)
        else:
            session = await new_page(connection)
        assert await evaluate(session, "6 * 7") == 42


Trial = Callable[[Bed], Awaitable[Times]]


class Fault(NamedTuple):
    """One row. promise_s, detection_s: what FAULTS promises of recovery and of detection, None where nothing."""

    name: str
    trial: Trial
    many: bool = False
    transports: tuple[TransportKind, ...] = ("websocket", "pipe")
    promise_s: float | None = None
    detection_s: float | None = None


# --- pages


async def new_page(connection: Connection) -> Session:
    """A session on a new blank page."""
    made = await connection.call("Target.createTarget", {"url": "about:blank"})
    return await connection.attach(made["targetId"])


async def evaluate(page: Session, expression: str, timeout_s: float = RECOVERS_WITHIN_S) -> object:
    """The value of an expression, awaited where it is a promise."""
    params = {"expression": expression, "returnByValue": True, "awaitPromise": True}
    result = await page.writer(()).call("Runtime.evaluate", params, timeout_s=timeout_s)
    return result["result"].get("value")


async def waiting(page: Session) -> asyncio.Task[object]:
    """A command that only a fault can end, on its way."""
    task = asyncio.create_task(evaluate(page, FOR_EVER), name="waits for the fault")
    await evaluate(page, "1")
    return task


async def failed(task: asyncio.Task[object]) -> float:
    """When the command learned of its fault."""
    with contextlib.suppress(OperationError):  # it is what was asked for
        await task
    return time.monotonic()


# --- the faults


def losing(fault: Callable[[Bed], Awaitable[None]]) -> Trial:
    """A trial whose fault costs the connection."""

    async def trial(bed: Bed) -> Times:
        pending = await waiting(bed.page)
        began = time.monotonic()
        await fault(bed)
        detected = await failed(pending)
        await bed.reached_again()
        return Times(detected - began, time.monotonic() - began)

    return trial


def signalling(number: signal.Signals) -> Trial:
    """A trial that sends the browser's process a signal."""

    async def send(bed: Bed) -> None:
        assert bed.manager.process is not None
        os.kill(bed.manager.process.pid, number)

    return losing(send)


async def drop(bed: Bed) -> None:
    """The socket ends, as a network fault would end it."""
    bed.connection.abort()


async def close_browser(bed: Bed) -> None:
    """Somebody closes the browser by its own command."""
    with contextlib.suppress(OperationError):  # the reply may come before the end, or not
        await bed.connection.call("Browser.close")


async def send_binary(bed: Bed) -> None:
    """A frame that DevTools does not take: it ends the socket."""
    transport = bed.connection._transport  # noqa: SLF001 - no method of ours sends such a frame
    transport._protocol.send_binary(b"\xff")  # type: ignore[attr-defined]  # noqa: SLF001
    transport._flush()  # type: ignore[attr-defined]  # noqa: SLF001


async def half_open(bed: Bed) -> Times:
    """The network between us and the browser takes everything and delivers nothing, for this connection."""
    process = bed.manager.process
    assert isinstance(process, BrowserProcess)
    endpoint = process.endpoint
    relay = await Relay.start(endpoint)
    try:
        process.endpoint = relay.url(endpoint)
        bed.connection.abort()
        await bed.connection.ended.wait()
        through = await bed.manager.ready()
        process.endpoint = endpoint
        page = await through.attach(bed.page.target_id)
        pending = await waiting(page)
        began = time.monotonic()
        relay.mute()
        detected = await failed(pending)
        await bed._replace(connection=through).reached_again()
        return Times(detected - began, time.monotonic() - began)
    finally:
        process.endpoint = endpoint
        await relay.stop()


async def crash(bed: Bed) -> Times:
    """The renderer crashes; a navigation gives the page another one."""
    return await _renderer(bed, lambda: bed.page.writer(()).call("Page.crash", timeout_s=RECOVERS_WITHIN_S))


async def kill_renderers(bed: Bed) -> Times:
    """Every renderer of the browser is killed."""

    async def kill() -> None:
        assert bed.manager.process is not None
        for child in psutil.Process(bed.manager.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "--type=renderer" in child.cmdline():
                    child.kill()

    return await _renderer(bed, kill)


async def _renderer(bed: Bed, fault: Callable[[], Awaitable[object]]) -> Times:
    pending = await waiting(bed.page)
    began = time.monotonic()
    with contextlib.suppress(OperationError):
        await fault()
    detected = await failed(pending)
    await bed.page.writer(()).call("Page.navigate", {"url": "data:text/html,alive"}, timeout_s=RECOVERS_WITHIN_S)
    assert await evaluate(bed.page, "6 * 7") == 42
    return Times(detected - began, time.monotonic() - began)


async def hung_command(bed: Bed) -> Times:
    """A page that never answers: the command ends with its deadline, told without it; another page answers at once."""
    began = time.monotonic()
    with contextlib.suppress(OperationError):
        await evaluate(bed.page, "for (;;);", timeout_s=HUNG_DEADLINE_S)
    detected = time.monotonic()
    await bed.reached_again()
    return Times(detected - began - HUNG_DEADLINE_S, time.monotonic() - began - HUNG_DEADLINE_S)


def ending(method: str, key: str, of: Callable[[Session], str]) -> Trial:
    """A trial in which one page, or its session, is ended by somebody."""

    async def trial(bed: Bed) -> Times:
        pending = await waiting(bed.page)
        began = time.monotonic()
        await bed.connection.call(method, {key: of(bed.page)})
        detected = await failed(pending)
        await bed.reached_again()
        return Times(detected - began, time.monotonic() - began)

    return trial


SOCKET: tuple[TransportKind, ...] = ("websocket",)
FAULTS = (
    Fault("socket drop", losing(drop), many=True, transports=SOCKET, promise_s=1.0),
    Fault("renderer crash", crash, many=True, promise_s=2.0),
    Fault("browser kill", signalling(signal.SIGKILL), many=True, promise_s=5.0),
    Fault("browser stopped (SIGSTOP)", signalling(signal.SIGSTOP), promise_s=10.0, detection_s=5.0),
    Fault("half-open connection", half_open, transports=SOCKET, promise_s=10.0, detection_s=5.0),
    Fault("hung command, beyond its deadline", hung_command, promise_s=1.0),
    Fault("renderers killed", kill_renderers, promise_s=2.0),
    Fault("browser ended (SIGTERM)", signalling(signal.SIGTERM), promise_s=5.0),
    Fault("browser ended (Browser.close)", losing(close_browser), promise_s=5.0),
    Fault("binary frame", losing(send_binary), transports=SOCKET, promise_s=1.0),
    Fault("target closed", ending("Target.closeTarget", "targetId", lambda page: page.target_id)),
    Fault("session detached", ending("Target.detachFromTarget", "sessionId", lambda page: page.session_id)),
)


# --- running them


class Result(NamedTuple):
    """All trials of one fault on one transport."""

    fault: Fault
    transport: str
    times: list[Times]
    failures: list[str]

    def figures(self) -> Iterator[Figure]:
        """p99 or maximum of the recovery, and of the detection where one is promised."""
        yield self._figure("recovered", [one.recovered_s for one in self.times], self.fault.promise_s)
        if self.fault.detection_s is not None:
            yield self._figure("detected", [one.detected_s for one in self.times], self.fault.detection_s)

    def _figure(self, what: str, found: list[float], promise_s: float | None) -> Figure:
        word, value = ("p99", p99(found)) if len(found) >= MANY else ("max", max(found, default=math.inf))
        median = f", median {statistics.median(found) * 1e3:,.0f} ms" if found else ""
        lost = f", {len(self.failures)} NOT RECOVERED: {self.failures[0]}" if self.failures else ""
        kept = None if promise_s is None else value <= promise_s and not self.failures
        return Figure(
            f"{self.fault.name}, {self.transport}: {what} {word}",
            value * 1e3 if found else None,
            "ms",
            "" if promise_s is None else f"≤ {promise_s * 1e3:,.0f} ms",
            kept,
            f"n {len(found)}{median}{lost}",
        )


def p99(found: list[float]) -> float:
    """The smallest value that 99 % do not exceed."""
    return sorted(found)[math.ceil(0.99 * len(found)) - 1]


@asynccontextmanager
async def running(binary: BrowserBinary, transport: TransportKind) -> AsyncIterator[CdpLifecycleManager]:
    """A managed browser, gone afterwards."""
    log = Telemetry(ListSink(), run_id="run-bench").log
    rng = random.Random(1)  # noqa: S311 - jitter
    policy = msgspec.structs.replace(shipped_reconnects()[DEFAULT_RECONNECT], restarts_per_hour=1000)
    manager = CdpLifecycleManager(
        browser_id="b1",
        cohort="c1",
        cohort_index=0,
        cohorts=1,
        launch=LaunchOptions(binary, no_sandbox=os.getuid() == 0, transport=transport, start_timeout_s=60.0),
        policy=policy,
        coordinator=ReconnectCoordinator(policy, log=log, rng=rng) if policy.is_coordinated else None,
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=log,
        rng=rng,
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        try:
            yield manager
        finally:
            manager.stop()


async def inject(binary: BrowserBinary, fault: Fault, transport: TransportKind, n: int) -> Result:
    """All trials of one fault; each on a page of its own, a browser that did not recover is replaced."""
    times: list[Times] = []
    failures: list[str] = []
    while len(times) + len(failures) < n:
        async with running(binary, transport) as manager:
            while len(times) + len(failures) < n:
                try:
                    with anyio.fail_after(RECOVERS_WITHIN_S):
                        times.append(await _one(fault, manager))
                except (OperationError, TimeoutError, AssertionError) as error:
                    failures.append(repr(error))
                    break
    return Result(fault, transport, times, failures)


async def _one(fault: Fault, manager: CdpLifecycleManager) -> Times:
    connection = await manager.ready()
    page = await new_page(connection)
    found = await fault.trial(Bed(manager, connection, page, manager.incarnation))
    connection = await manager.ready()
    for info in (await connection.call("Target.getTargets"))["targetInfos"]:
        if info["type"] == "page":  # one that hangs goes, too: the browser process closes it
            await connection.call("Target.closeTarget", {"targetId": info["targetId"]})
    return found


def _left(before: set[psutil.Process]) -> tuple[int, int]:
    """Processes and profile folders that are there some seconds after the end."""
    deadline = time.monotonic() + LEFT_AFTER_S
    while True:
        now = set(psutil.Process().children(recursive=True)) - before
        processes = sum(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in now)
        profiles = len(list(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")))
        if time.monotonic() > deadline or not processes + profiles:
            return processes, profiles
        time.sleep(0.05)


def run(options: BenchOptions) -> Iterator[Figure]:
    """Every fault on every transport that it exists on, and what is left afterwards."""
    binary = find_browser(os.environ.get("HARNESS_BROWSER"))
    before = set(psutil.Process().children(recursive=True))
    named, tempfile.tempdir = tempfile.tempdir, None
    with tempfile.TemporaryDirectory(prefix="harness-bench-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder  # what another run leaves on this machine is not ours to count
        try:
            for fault in FAULTS:
                many, some = (QUICK_MANY, QUICK_SOME) if options.quick else (MANY, SOME)
                for transport in fault.transports:
                    result = asyncio.run(inject(binary, fault, transport, many if fault.many else some))
                    for figure in result.figures():
                        options.say(f"{figure.name}: {figure.value or math.nan:,.0f} ms ({figure.against})")
                        yield figure
            processes, profiles = _left(before)
            yield Figure("processes left after it", processes, "", "0", processes == 0, f"{LEFT_AFTER_S:g} s later")
            yield Figure("profile folders left after it", profiles, "", "0", profiles == 0, f"{LEFT_AFTER_S:g} s later")
        finally:
            tempfile.tempdir = named

"""Feeds frames to a connection with commands in flight on several sessions, and sees that each is settled, once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import msgspec

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.connection import Connection
from harness.cdp.in_flight import InFlight
from harness.cdp.messages import Incoming
from harness.cdp.session import Session
from harness.telemetry.pipeline import Telemetry
from harness.testing.fake_transport import Command, FakeTransport
from scripts.hardening.frames import METHODS, Frames
from scripts.hardening.rig import CountingSink

ROUND = 500  # frames between the start of a connection and its end
BATCH = 20  # frames that arrive in one turn of the loop
LIMIT = 16  # the bound of each subscriber, which takes nothing
TURNS = 100  # of the loop, after the end: whoever still waits then is stuck


class _Typed(msgspec.Struct):
    value: int
    frameId: str = ""  # noqa: N815 - the protocol's


class _Fence:
    def check(self, scope: str, guards: Sequence[object], method: str) -> None:
        if "lease" not in guards:
            raise OperationError(f"{method} to {scope} without a lease", cause=Cause.OWNERSHIP_VIOLATION)


class ConnectionRound:
    """One connection from start to end. `broken` holds what must not be, `told` counts what was seen."""

    def __init__(self, rng: random.Random, told: Counter[str], broken: list[str]) -> None:
        self._rng, self._told, self._broken = rng, told, broken
        self._frames = Frames(rng)
        self._next_session = 0
        self._browser = FakeTransport({"Target.attachToTarget": self._attached})
        self._connection = Connection(
            self._browser,
            browser_id="fuzz",
            cohort="fuzz",
            generation=1,
            fence=_Fence(),
            log=Telemetry(CountingSink(), run_id="run-fuzz").log,
            on_lost=lambda _reason: told.update(["ends"]),
            observe=self._observe,
        )
        self._receive = self._connection.protocol.receive
        self._connection.protocol.receive = self._accounted  # type: ignore[method-assign] # each frame is accounted for
        self._command = self._connection.protocol.command
        self._connection.protocol.command = self._counted  # type: ignore[method-assign]
        self._asked = 0
        self._over = 0
        self._waiting: list[asyncio.Task[None]] = []

    async def run(self, frames: int) -> None:
        """So many frames, then an end of some kind."""
        reader = asyncio.create_task(self._connection.run(), name="reader")
        with ExitStack() as subscribed:
            subscribed.enter_context(self._connection.events.stream(*METHODS, limit=LIMIT))
            fed = 0
            while fed < frames and self._connection.lost_reason is None:
                await self._keep_sessions(subscribed)
                self._ask()
                for _ in range(min(BATCH, frames - fed)):
                    self._browser.feed(self._frame())
                    fed += 1
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            if self._connection.lost_reason is not None:
                self._broken.append(f"the connection ended by itself: {self._connection.lost_reason}")
            await self._end(reader)
            self._judge(reader)

    def _frame(self) -> bytes:
        ids = list(self._connection.protocol.pending)
        sessions = [(one.session_id, one.target_id) for one in self._connection.sessions.values()]
        return (self._frames.real if self._rng.random() < 0.3 else self._frames.mutated)(ids, sessions)

    async def _keep_sessions(self, subscribed: ExitStack) -> None:
        while len(self._connection.sessions) < 4 and self._connection.lost_reason is None:
            self._next_session += 1
            session: Session | None = None
            self._browser.unblock()
            try:
                session = await self._connection.attach(f"T{self._next_session}", timeout_s=1)
            except OperationError as error:  # what is fed may answer this command, too
                self._told[f"attach: {error.code}"] += 1
            if session is not None:
                subscribed.enter_context(session.stream(*METHODS, limit=LIMIT))
                subscribed.enter_context(session.expect("Page.frameNavigated", lambda params: "frameId" in params))

    def _attached(self, _command: Command) -> dict[str, str]:
        return {"sessionId": f"S{self._next_session}"}

    def _ask(self) -> None:
        rng = self._rng
        self._waiting = [task for task in self._waiting if not task.done()]
        sessions: list[Session | None] = [None, *self._connection.sessions.values()]
        for _ in range(rng.randint(0, 6)):
            call = partial(
                self._connection.call,
                rng.choice(("Page.navigate", "DOM.getDocument", "Runtime.evaluate", "Browser.getVersion")),
                {"expression": "1", "throwOnSideEffect": rng.random() < 0.5},
                session=rng.choice(sessions),
                guards=["lease"] if rng.random() < 0.9 else [],
                timeout_s=rng.choice((0, 60, 60, 60, 60)),
                repeatable=rng.random() < 0.1,
                into=rng.choice((Any, Any, None, _Typed)),
            )
            self._waiting.append(asyncio.create_task(self._await(call), name="caller"))
        if self._waiting and rng.random() < 0.2:
            rng.choice(self._waiting).cancel()
        if rng.random() < 0.05:
            rng.choice((self._browser.block, self._browser.unblock))()

    async def _await(self, call: Callable[[], Awaitable[object]]) -> None:
        try:
            await call()
            self._told["answered"] += 1
        except OperationError as error:
            self._told[error.code] += 1
        except asyncio.CancelledError:
            self._told["cancelled"] += 1
            raise
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            self._record(f"a command raised {error!r}")

    def _record(self, what: str) -> None:
        self._broken.append(what)

    def _observe(self, connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:  # noqa: ARG002 - the port's
        self._over += 1
        self._told[f"observed {outcome}"] += 1

    def _counted(self, waiter: InFlight, params: Any) -> bytes:
        self._asked += 1
        return self._command(waiter, params)

    def _accounted(self, data: bytes | str) -> Incoming | None:
        """Each frame is an event, or settles one command, or is counted as late or malformed: one of these, once."""
        protocol = self._connection.protocol
        before = (len(protocol.pending), protocol.late_replies, protocol.malformed)
        message = self._receive(data)
        after = (len(protocol.pending), protocol.late_replies, protocol.malformed)
        change = (before[0] - after[0], after[1] - before[1], after[2] - before[2])
        if sorted((*change, int(message is not None))) != [0, 0, 0, 1]:
            self._broken.append(f"a frame counted as {change}, event {message is not None}: {data[:200]!r}")
        names = ("frames that settled a command", "late replies", "malformed frames")
        self._told[names[change.index(1)] if 1 in change else "events"] += 1
        return message

    # --- the end

    async def _end(self, reader: asyncio.Task[None]) -> None:
        ends: tuple[Callable[[], object], ...] = (
            lambda: self._browser.end("the fuzz is over"), self._browser.abort, reader.cancel,
        )  # fmt: skip
        if self._rng.random() < 0.25:
            await self._connection.close()
        else:
            self._rng.choice(ends)()
        for _ in range(TURNS):
            await asyncio.sleep(0)

    def _judge(self, reader: asyncio.Task[None]) -> None:
        connection, broken = self._connection, self._broken
        stuck = [task for task in self._waiting if not task.done()]
        broken += [f"stuck: {task.get_coro()!r}" for task in stuck]
        if not reader.done():
            broken.append("the reader did not end")
        elif not reader.cancelled() and reader.exception() is not None:
            broken.append(f"the reader ended with {reader.exception()!r}")
        if self._asked != self._over:
            broken.append(f"{self._asked} commands were asked, {self._over} were told as over")
        if connection.protocol.pending or connection.unsent:
            broken.append(f"left: {len(connection.protocol.pending)} pending, {connection.unsent} unsent")
        if connection.sessions or not connection.ended.is_set():
            broken.append(f"left: {len(connection.sessions)} sessions; ended: {connection.ended.is_set()}")
        if connection.events.buffered > LIMIT:
            broken.append(f"{connection.events.buffered} events in a buffer of {LIMIT}")
        for task in stuck:
            task.cancel()

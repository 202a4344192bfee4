"""The per-host coordinator's shell: connections of one process wait here for leave to try; `Admissions` decides.

It has no task of its own: one timer of the event loop wakes whoever is due, and stands only while someone waits.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

from harness.cdp.errors import ConnectFailedError
from harness.cdp.reconnecting.admissions import Admission, Admissions, GateMove
from harness.cdp.reconnecting.gate import Outcome, Role
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.telemetry.pipeline import Log


class Timer(Protocol):
    """What the event loop gives for a call at a time."""

    def cancel(self) -> None:
        """Forget the call."""
        ...


class LoopTime(Protocol):
    """The part of an event loop that is needed here: its clock, and calls at a time of it."""

    def time(self) -> float:
        """Seconds of the loop's clock."""
        ...

    def call_at(self, when: float, callback: Callable[[], None]) -> Timer:
        """Call at `when`."""
        ...


def endpoint_of(url: str) -> str:
    """`host:port` of a WebSocket address: browsers behind one endpoint are lost, and come back, together."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'wss' else 80)}"


class ReconnectCoordinator:
    """One for all lifecycle managers of a process."""

    def __init__(
        self, policy: ReconnectPolicy, *, log: Log, rng: random.Random, loop: Callable[[], LoopTime] | None = None
    ) -> None:
        self._admissions = Admissions(policy, rng, self._moved)
        self._log = log
        self._loop: Callable[[], LoopTime] = loop or asyncio.get_running_loop
        self._waiting: dict[object, asyncio.Future[Admission]] = {}
        self._timer: Timer | None = None

    @property
    def waiting(self) -> int:
        """How many wait for leave."""
        return len(self._waiting)

    @asynccontextmanager
    async def admission(self, endpoint: str) -> AsyncIterator[Role]:
        """Wait for leave to try `endpoint` (`host:port`) once; how the block ends is what the endpoint is judged by.

        Its normal end says that the endpoint answers, ConnectFailedError that it does not; any other error, and a
        cancellation, say nothing of it. Whoever is cancelled while it waits leaves the queue.
        """
        admission = await self._admitted(endpoint)
        outcome: Outcome = "unjudged"
        try:
            yield admission.role
            outcome = "succeeded"
        except ConnectFailedError:
            outcome = "failed"
            raise
        finally:
            self._admissions.settle(admission, outcome, self._loop().time())
            self._pump()

    async def _admitted(self, endpoint: str) -> Admission:
        waiter = object()
        future: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = future
        self._admissions.join(endpoint, waiter, self._loop().time())
        self._pump()
        try:
            return await future
        except asyncio.CancelledError:
            now_s = self._loop().time()
            if future.done() and not future.cancelled():  # let through in the very step in which it was cancelled
                self._admissions.settle(future.result(), "unjudged", now_s)
            else:
                self._waiting.pop(waiter, None)
                self._admissions.leave(endpoint, waiter, now_s)
            self._pump()
            raise

    def _pump(self) -> None:
        """Let through whoever is due, and set the timer for the next one."""
        loop = self._loop()
        while (admission := self._admissions.admit(loop.time())) is not None:
            future = self._waiting.pop(admission.waiter)
            if future.done():  # cancelled, but its task has not run since
                self._admissions.settle(admission, "unjudged", loop.time())
            else:
                future.set_result(admission)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = self._admissions.due_at(loop.time())
        if due_s != float("inf"):
            self._timer = loop.call_at(due_s, self._pump)

    def _moved(self, move: GateMove) -> None:
        self._log.info(
            "reconnect.gate",
            endpoint=move.endpoint,
            from_state=move.from_state.value,
            to_state=move.to_state.value,
            waiting=move.waiting,
            reason=move.reason,
        )

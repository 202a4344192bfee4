"""The health of one browser: who asks it, which questions it did not answer in a row, and what to make of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple, Protocol

import anyio

from harness.cdp.browser_facts import helpers_of, restarted
from harness.cdp.connection import Connection
from harness.cdp.errors import CdpError, CommandTimeoutError
from harness.cdp.hang import HangPolicy, Judgement, Sign, judge
from harness.cdp.lifecycle_log import LifecycleLog
from harness.cdp.process_stat import Activity
from harness.cdp.states import BrowserState

COUNT_EACH = 5
"""Helper processes are looked at with each fifth question."""


class HealthPolicy(NamedTuple):
    """A question each `every_s`, to be answered within `deadline_s`; after a miss the next one comes at once. So a browser
    that is stopped is known after 3.5 s at most, and one that hangs after 5."""

    every_s: float = 2.0
    deadline_s: float = 1.5
    hang: HangPolicy = HangPolicy()


class BrowserHealth:
    """look: what the kernel says of the browser's process; None where that is not known (another host's)."""

    def __init__(self, policy: HealthPolicy, look: Callable[[], Activity | None]) -> None:
        self.policy = policy
        self.misses = 0
        self._look = look
        self._ticks_before = 0

    def answered(self) -> None:
        """It has answered."""
        self.misses = 0

    def missed(self) -> Judgement:
        """It has not answered once more."""
        now = self._look()
        if self.misses == 0:
            self._ticks_before = now.cpu_ticks if now else 0
        self.misses += 1
        return self.judgement()

    def judgement(self) -> Judgement:
        """What the kernel says counts at this moment, too: a browser may be stopped after its first miss."""
        now = self._look()
        stopped = now is not None and now.stopped
        advanced = now is None or now.cpu_ticks > self._ticks_before
        return judge(Sign(self.misses, stopped=stopped, cpu_advanced=advanced), self.policy.hang)


class Watched(Protocol):
    """What a lifecycle manager shows of its browser, and is told of it."""

    @property
    def state(self) -> BrowserState:
        """Where it stands."""
        ...

    @property
    def connection(self) -> Connection | None:
        """The present connection."""
        ...

    def suspect(self, why: str) -> None:
        """It did not answer."""
        ...

    def trust(self) -> None:
        """It answers."""
        ...

    def end_hung(self, connection: Connection) -> None:
        """It hangs."""
        ...


class HealthWatch:
    """Run `run` for as long as the browser is managed: it asks the browser, and looks at its helper processes."""

    def __init__(self, manager: Watched, health: BrowserHealth, tell: LifecycleLog) -> None:
        self._manager = manager
        self._health = health
        self._tell = tell
        self._helpers: dict[int, str] = {}
        self._of: Connection | None = None

    async def run(self) -> None:
        """Ask, until cancelled."""
        for number in itertools.count(1):
            await anyio.sleep(self._health.policy.every_s)
            await self.ask()
            if number % COUNT_EACH == 0:
                await self._count_helpers()

    async def ask(self) -> None:
        """Ask the browser until it answers, is lost, or is known to hang."""
        manager = self._manager
        while (connection := manager.connection) and manager.state in {BrowserState.HEALTHY, BrowserState.UNHEALTHY}:
            try:
                await connection.call("Browser.getVersion", timeout_s=self._health.policy.deadline_s)
            except CommandTimeoutError as error:
                judgement = self._health.missed()
                manager.suspect(str(error))
                if judgement == "hung":
                    manager.end_hung(connection)
                    return
            except CdpError:
                return
            else:
                self._health.answered()
                manager.trust()
                return

    async def _count_helpers(self) -> None:
        """Which of the browser's helper processes were restarted: it does so without a word."""
        connection = self._manager.connection
        if self._manager.state is not BrowserState.HEALTHY or connection is None:
            return
        try:
            told = await connection.call("SystemInfo.getProcessInfo")
        except CdpError:
            return  # whether it answers at all is asked for apart
        after = helpers_of(told.get("processInfo", ()))
        if connection is self._of:  # after a restart all of them are new
            for kind, count in restarted(self._helpers, after).items():
                self._tell.helper_restarted(kind, count)
        self._helpers, self._of = after, connection

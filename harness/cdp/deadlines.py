"""One timer for the deadlines of all commands of a connection: most are answered long before, and cost it nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from harness.cdp.in_flight import InFlight

LATE_S = 0.1
GRACE_S = 0.02


class Deadlines:
    """commands: those that wait now; expire: called for each that is due."""

    def __init__(self, commands: Callable[[], Iterable[InFlight]], expire: Callable[[InFlight], None]) -> None:
        self._commands = commands
        self._expire = expire
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._at_s = 0.0
        self._was_late = False

    def watch(self, due_s: float) -> None:
        """A command is due at this loop time."""
        if self._timer is None or due_s < self._at_s:
            self.stop()
            self._at_s = due_s
            self._timer = self._loop.call_at(due_s, self._fire)

    def stop(self) -> None:
        """Watch nothing more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        if self._loop.time() - self._at_s > LATE_S and not self._was_late:
            # It was our own loop that stood still: answers may lie unread, and are read before anything is given up.
            self._was_late = True
            self._timer = self._loop.call_later(GRACE_S, self._fire)
            return
        self._timer, self._was_late = None, False
        now_s = self._at_s  # a loop may fire a timer a clock tick early, but what it was set for is due
        waiting = list(self._commands())
        for command in waiting:
            if command.due_s <= now_s:
                self._expire(command)
        left = [command.due_s for command in waiting if command.due_s > now_s]
        if left:
            self.watch(min(left))

"""Commands that wait for their turn to be written.

Those of one loop turn go out together at its end: one write for all sessions that were woken by one read. While the peer
does not read all of them stay here. Whoever may send decides at the very moment of writing: a command whose lease was
taken back while it waited, or that was given up, is never written.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable

from harness.cdp.in_flight import InFlight
from harness.cdp.transport import Transport, TransportClosedError


class Outbox:
    """may_send: asked in the step in which the command is written; it refuses the command itself."""

    def __init__(self, transport: Transport, may_send: Callable[[InFlight], bool]) -> None:
        self._transport = transport
        self._may_send = may_send
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, InFlight] = {}
        self._scheduled = False
        self._paused = False

    def put(self, command: InFlight) -> None:
        """Write it at the end of this loop turn, or as soon as the peer reads again."""
        if command.writes:
            command.context = contextvars.copy_context()
        self._waiting[command.id] = command
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._flush)

    def forget(self, command: InFlight) -> None:
        """Keep a command that was given up no longer."""
        self._waiting.pop(command.id, None)

    def __len__(self) -> int:
        return len(self._waiting)

    def pause(self) -> None:
        """Keep everything."""
        self._paused = True

    def resume(self) -> None:
        """Write what was kept."""
        self._paused = False
        self._flush()

    def _flush(self) -> None:
        self._scheduled = False
        if self._paused or not self._waiting:
            return
        waiting, self._waiting = self._waiting, {}
        passed = [command for command in waiting.values() if not command.answer.done() and self._ask(command)]
        if passed:
            self._write(passed)

    def _ask(self, command: InFlight) -> bool:
        return command.context is None or command.context.run(self._may_send, command)

    def _write(self, commands: list[InFlight]) -> None:
        try:
            self._transport.send([command.data for command in commands])
        except TransportClosedError:
            return  # its end settles them, and they are known not to have been sent
        for command in commands:
            command.sent = True

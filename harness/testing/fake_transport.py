"""A CDP transport in memory: the test plays the browser, frame by frame, without a socket or a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from harness.cdp.transport import TransportClosedError

Command = dict[str, Any]


class FakeTransport:
    """Implements `harness.cdp.transport.Transport`.

    sent: every command so far, decoded. answers: results given at once by method (a value, or a function of the command);
    a method that is not among them waits for `reply`. While `blocked` is set, `send` takes nothing, as a full socket.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.sent: list[Command] = []
        self.answers: dict[str, Any] = dict(answers or {})
        self.blocked: asyncio.Event | None = None
        self.closed_in_order = False
        self.aborted = False
        self._frames: asyncio.Queue[bytes | TransportClosedError] = asyncio.Queue()
        self._arrived = asyncio.Event()
        self._ended: TransportClosedError | None = None

    # --- the port

    async def send(self, data: bytes) -> None:
        """Note the command, and answer it where there is an answer."""
        if self.blocked is not None:
            await self.blocked.wait()
        if self._ended is not None:
            raise self._ended
        command = json.loads(data)
        self.sent.append(command)
        self._arrived.set()
        if command["method"] in self.answers:
            answer = self.answers[command["method"]]
            self.reply(command, answer(command) if callable(answer) else answer)

    async def receive(self) -> bytes:
        """The next frame that the test fed."""
        frame = await self._frames.get()
        if isinstance(frame, TransportClosedError):
            self._frames.put_nowait(frame)
            raise frame
        return frame

    async def close(self) -> None:
        """End in order."""
        self.closed_in_order = True
        self.end("closed in order")

    def abort(self) -> None:
        """Cut."""
        self.aborted = True
        self.end("cut")

    # --- the browser's side

    async def command(self, method: str, *, after: int = 0) -> Command:
        """The first command of that method, past the first `after` of `sent`; waits for it."""
        while True:
            for command in self.sent[after:]:
                if command["method"] == method:
                    return command
            self._arrived.clear()
            await self._arrived.wait()

    def reply(self, command: Command, result: object = None) -> None:
        """Answer a command."""
        self._frame(id=command["id"], result=result or {}, sessionId=command.get("sessionId"))

    def refuse(self, command: Command, message: str, code: int = -32000) -> None:
        """Answer a command with an error."""
        self._frame(id=command["id"], error={"code": code, "message": message}, sessionId=command.get("sessionId"))

    def event(self, method: str, params: object = None, session_id: str | None = None) -> None:
        """Emit an event."""
        self._frame(method=method, params={} if params is None else params, sessionId=session_id)

    def feed(self, frame: bytes) -> None:
        """Let any bytes arrive."""
        self._frames.put_nowait(frame)

    def end(self, reason: str) -> None:
        """Let the connection end; what was fed before is still read."""
        if self._ended is None:
            self._ended = TransportClosedError(reason)
            self._frames.put_nowait(self._ended)

    def _frame(self, **fields: object) -> None:
        self.feed(json.dumps({key: value for key, value in fields.items() if value is not None}).encode())

"""A CDP transport in memory: the test plays the browser, frame by frame, without a socket or a browser."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from harness.cdp.transport import Early, Receiver, TransportClosedError

Command = dict[str, Any]


class FakeTransport:
    """Implements `harness.cdp.transport.Transport`.

    sent: every command so far, decoded. answers: results given at once by method (a value, or a function of the command);
    a method that is not among them waits for `reply`. What the test feeds arrives in the loop's next turn.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.sent: list[Command] = []
        self.answers: dict[str, Any] = dict(answers or {})
        self.batches: list[int] = []
        self.closed_in_order = False
        self.aborted = False
        self._receiver: Receiver = Early()
        self._arrived = asyncio.Event()
        self._over = False

    # --- the port

    def start(self, receiver: Receiver) -> None:
        """Tell this receiver from now on."""
        early, self._receiver = self._receiver, receiver
        if isinstance(early, Early):
            early.hand_over(receiver)

    def send(self, messages: Sequence[bytes]) -> None:
        """Note the commands, and answer those for which there is an answer."""
        if self._over:
            raise TransportClosedError
        self.batches.append(len(messages))
        for message in messages:
            command = json.loads(message)
            self.sent.append(command)
            self._arrived.set()
            if command["method"] in self.answers:
                answer = self.answers[command["method"]]
                self.reply(command, answer(command) if callable(answer) else answer)

    async def close(self) -> None:
        """End in order."""
        self.closed_in_order = True
        self.end("closed in order")
        await asyncio.sleep(0)

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
        asyncio.get_running_loop().call_soon(lambda: self._receiver.receive(frame))

    def block(self) -> None:
        """Read nothing more, as a browser that hangs; what is sent stays with the sender."""
        self._receiver.pause()

    def unblock(self) -> None:
        """Read again."""
        self._receiver.resume()

    def end(self, reason: str) -> None:
        """Let the connection end; what was fed before is still read."""
        if not self._over:
            self._over = True
            asyncio.get_running_loop().call_soon(lambda: self._receiver.end(reason))

    def _frame(self, **fields: object) -> None:
        self.feed(json.dumps({key: value for key, value in fields.items() if value is not None}).encode())

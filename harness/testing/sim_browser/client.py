"""One client of a simulated browser, and the port to whatever carries its messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from harness.testing.sim_browser.model import Command, Json

if TYPE_CHECKING:
    from harness.testing.sim_browser.browser import SimBrowser

_encode = msgspec.json.Encoder().encode


class Wire(Protocol):
    """The browser's end of one connection; none of these waits."""

    def deliver(self, message: bytes, *, binary: bool = False) -> None:
        """A whole message to the client."""
        ...

    def drop(self) -> None:
        """Cut it without a word: close code 1006."""
        ...

    def oversize(self) -> None:
        """Begin a message above every limit that a client has."""
        ...


class Client:
    """half_open: the connection takes everything and brings nothing, not even a pong."""

    def __init__(self, browser: SimBrowser, wire: Wire) -> None:
        self.wire = wire
        self.half_open = False
        self.discovers = False
        self.connected = True
        self._browser = browser
        self._held: list[bytes] = []

    def receive(self, message: bytes | str) -> None:
        """A message from the client."""
        if self.connected and not self.half_open:
            self._browser.take(self, message)

    def gone(self) -> None:
        """The client has closed its end."""
        if self.connected:
            self.connected = False
            self._browser.forget(self)

    def say(self, message: Json) -> None:
        """An event, or an error that answers nothing."""
        self._send(_encode(message))

    def answer(self, command: Command, message: Json) -> None:
        """A reply; one that is to be overtaken waits for the next."""
        data = _encode(message)
        if command.swapped:
            self._held.append(data)
            return
        self._send(data)
        held, self._held = self._held, []
        for one in held:
            self._send(one)

    def drop(self) -> None:
        """Cut the connection: the client sees 1006, and what it had is cleaned up as after any loss."""
        if self.connected:
            self.wire.drop()
            self.gone()

    def _send(self, data: bytes) -> None:
        if self.connected and not self.half_open:
            self.wire.deliver(data)

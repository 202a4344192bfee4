"""A simulated browser in the process of the test: a transport without a socket, for many seeded tests a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harness.cdp.transport import Early, Receiver, TransportClosedError
from harness.testing.sim_browser.browser import SimBrowser


class MemoryTransport:
    """Implements `harness.cdp.transport.Transport`. What the browser says arrives in the loop's next turn.

    received: every message that came from the browser, in order.
    """

    def __init__(self, browser: SimBrowser) -> None:
        self.received: list[bytes] = []
        self._receiver: Receiver = Early()
        self._over = False
        self._loop = asyncio.get_running_loop()
        self._client = browser.connect(self)

    # --- the port

    def start(self, receiver: Receiver) -> None:
        """Tell this receiver from now on."""
        early, self._receiver = self._receiver, receiver
        if isinstance(early, Early):
            early.hand_over(receiver)

    def send(self, messages: Sequence[bytes]) -> None:
        """Hand messages over."""
        if self._over:
            raise TransportClosedError
        for message in messages:
            self._client.receive(bytes(message))

    async def close(self) -> None:
        """End in order."""
        self._end("closed in order")
        self._client.gone()
        await asyncio.sleep(0)

    def abort(self) -> None:
        """Cut."""
        self._end("cut")
        self._client.gone()

    # --- the browser's side (`Wire`)

    def deliver(self, message: bytes, *, binary: bool = False) -> None:  # noqa: ARG002 - here they are alike
        """From the browser; whether a message is text or not, a receiver is not told."""
        self.received.append(message)
        self._loop.call_soon(lambda: self._receiver.receive(message))

    def drop(self) -> None:
        """The connection is lost."""
        self._end("no close frame received or sent (1006)")

    def oversize(self) -> None:
        """A client ends a connection that brings too long a message."""
        self._end("sent 1009 (message too big)")
        self._client.gone()

    def _end(self, reason: str) -> None:
        if not self._over:
            self._over = True
            self._loop.call_soon(lambda: self._receiver.end(reason))

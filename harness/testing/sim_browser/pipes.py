"""A simulated browser on descriptors 3 and 4, as with `--remote-debugging-pipe`: messages end with a NUL byte, and the
browser ends with its pipe."""

from __future__ import annotations

import asyncio
import os

from harness.cdp.transport import MAX_MESSAGE_BYTES
from harness.testing.sim_browser.browser import SimBrowser

COMMANDS_FD, ANSWERS_FD = 3, 4
_CHUNK = b" " * 2**20


async def serve_on_pipes(browser: SimBrowser, closed: asyncio.Event) -> None:
    """Serve the one client that there can be, until its pipe or the browser ends."""
    loop = asyncio.get_running_loop()
    out, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(ANSWERS_FD, "wb"))
    wire = _PipeWire(browser, out, closed)
    commands, _ = await loop.connect_read_pipe(lambda: wire, os.fdopen(COMMANDS_FD, "rb"))
    await closed.wait()
    commands.close()
    out.close()
    await asyncio.sleep(0)


class _PipeWire(asyncio.Protocol):
    """Reads commands; implements the browser's `Wire`."""

    def __init__(self, browser: SimBrowser, out: asyncio.WriteTransport, closed: asyncio.Event) -> None:
        self._browser, self._out, self._closed = browser, out, closed
        self._client = browser.connect(self)
        self._tail = b""

    def data_received(self, data: bytes) -> None:
        """Whole messages go to the browser."""
        *whole, self._tail = (self._tail + data).split(b"\0")
        for message in whole:
            self._client.receive(message)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - whatever ended it
        """The client is gone, and a browser ends with its pipe."""
        self._client.gone()
        self._closed.set()

    def deliver(self, message: bytes, *, binary: bool = False) -> None:  # noqa: ARG002 - here they are alike
        """One message; a pipe knows no kinds of them."""
        self._out.write(message + b"\0")

    def drop(self) -> None:
        """The pipe ends, and the browser with it."""
        self._closed.set()

    def oversize(self) -> None:
        """More than a client keeps of one message; there is no head to lie in, so it is really sent."""
        for _ in range(MAX_MESSAGE_BYTES // len(_CHUNK) + 1):
            self._out.write(_CHUNK)

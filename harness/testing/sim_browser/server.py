"""A simulated browser behind a real WebSocket server on loopback, `/json/version` included.

The sans-I/O server protocol of `websockets` on an asyncio protocol of our own: a browser that is frozen or half open must
leave pings unanswered, too, and the library's own server would answer them.
"""

from __future__ import annotations

import asyncio
import struct
from typing import cast

import msgspec
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from harness.cdp.transport import MAX_MESSAGE_BYTES
from harness.testing.sim_browser.browser import SimBrowser
from harness.testing.sim_browser.client import Client

LAST_BYTES_S = 0.5


class SimServer:
    """`async with SimServer(browser) as server`: `server.endpoint` is the address of the present browser.

    A restarted browser listens on the same port, at another address; the old one answers 404.
    """

    def __init__(self, browser: SimBrowser, port: int = 0) -> None:
        self.browser = browser
        self.port = port
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    @property
    def endpoint(self) -> str:
        """The DevTools WebSocket address."""
        return f"ws://127.0.0.1:{self.port}{self.browser.path}"

    async def __aenter__(self) -> SimServer:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self.connections):
            connection.drop()
        await self._server.wait_closed()
        await asyncio.sleep(0)

    def response(self, request: Request) -> Response | None:
        """The answer to a plain request; None for the browser's own address, which is upgraded."""
        if self.browser.dead:
            return Response(503, "Service Unavailable", Headers(), b"")
        if request.path == self.browser.path:
            return None
        if request.path.partition("?")[0] not in {"/json/version", "/json/version/"}:
            return Response(404, "Not Found", Headers({"Content-Length": "0", "Connection": "close"}), b"")
        told = self.browser.version()
        body = msgspec.json.encode(
            {
                "Browser": told["product"],
                "Protocol-Version": told["protocolVersion"],
                "User-Agent": told["userAgent"],
                "webSocketDebuggerUrl": self.endpoint,
            }
        )
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
        return Response(200, "OK", Headers(headers), body)


class _Connection(asyncio.Protocol):
    """One TCP connection; implements the browser's `Wire` once it is upgraded."""

    def __init__(self, server: SimServer) -> None:
        self._server = server
        self._protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES)
        self._transport: asyncio.Transport | None = None
        self._client: Client | None = None
        self._fragments: list[bytes] = []

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connects."""
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of the peer; a frozen browser comes to them later, a half-open connection never."""
        self._server.browser.when_thawed(lambda: self._take(data))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - whatever ended it
        """It is gone."""
        self._server.connections.discard(self)
        if self._client is not None:
            self._client.gone()

    # --- the browser's side (`Wire`)

    def deliver(self, message: bytes, *, binary: bool = False) -> None:
        """One frame."""
        if self._protocol.state is State.OPEN:
            if binary:
                self._protocol.send_binary(message)
            else:
                self._protocol.send_text(message)
            self._flush()

    def drop(self) -> None:
        """Cut, with what was said before sent first where the peer takes it: the peer sees 1006."""
        if self._transport is not None:
            self._transport.close()
            asyncio.get_running_loop().call_later(LAST_BYTES_S, self._transport.abort)

    def oversize(self) -> None:
        """The head of a text frame that is a byte longer than what a client takes."""
        if self._transport is not None:
            self._flush()
            self._transport.write(struct.pack("!BBQ", 0x81, 127, MAX_MESSAGE_BYTES + 1) + b"{")

    # --- inside

    def _take(self, data: bytes) -> None:
        if self._client is not None and self._client.half_open:
            return
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._opened(event)
            elif isinstance(event, Frame):
                self._heard(event)
        self._flush()
        if self._protocol.close_expected() and self._transport is not None:
            self._transport.close()

    def _opened(self, request: Request) -> None:
        response = self._server.response(request) or self._protocol.accept(request)
        self._protocol.send_response(response)
        if response.status_code == 101:
            self._client = self._server.browser.connect(self)

    def _heard(self, frame: Frame) -> None:
        if self._client is None or frame.opcode not in {Opcode.TEXT, Opcode.CONT, Opcode.BINARY}:
            return
        if frame.opcode is Opcode.BINARY:
            self._client.drop()  # as Chromium does
            return
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            message, self._fragments = b"".join(self._fragments), []
            self._client.receive(message)

    def _flush(self) -> None:
        out = b"".join(self._protocol.data_to_send())
        if out and self._transport is not None and not self._transport.is_closing():
            self._transport.write(out)

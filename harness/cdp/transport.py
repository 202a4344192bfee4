"""The transport port (two methods and an end) and its WebSocket implementation.

A half-open connection is noticed after ping interval + ping timeout + close timeout: 2 + 2 + 0.5 s here, measured to be
what detection takes; the library's defaults would need 50 s.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import websockets
from websockets.asyncio.client import ClientConnection, connect

from harness.cdp.errors import ConnectFailedError

MAX_MESSAGE_BYTES = 256 * 2**20
"""Larger than a full-page screenshot needs; a reply above it would close the socket for every session on it."""


class TransportClosedError(Exception):
    """The transport ended; the text says how."""


class Transport(Protocol):
    """Carries whole CDP messages in order."""

    async def send(self, data: bytes) -> None:
        """Hand one message over; TransportClosedError when the transport has ended."""
        ...

    async def receive(self) -> bytes | str:
        """The next message; TransportClosedError at the end."""
        ...

    async def close(self) -> None:
        """End in order; never raises."""
        ...

    def abort(self) -> None:
        """Cut at once, without a closing handshake: a planned fault, or a last resort."""
        ...


class WebSocketTransport:
    """CDP over one WebSocket: compression off, no proxy, keep-alive that detects a dead peer within 5 s."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    @classmethod
    async def open(cls, url: str, timeout_s: float) -> WebSocketTransport:
        """Connect to `ws://…/devtools/browser/<id>`; ConnectFailedError with the reason."""
        try:
            socket = await connect(
                url,
                compression=None,
                proxy=None,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=timeout_s,
                ping_interval=2.0,
                ping_timeout=2.0,
                close_timeout=0.5,
                max_queue=1024,
                user_agent_header=None,
            )
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            raise ConnectFailedError(
                "the browser's endpoint did not accept a connection", why=str(error) or type(error).__name__
            ) from error
        return cls(socket)

    async def send(self, data: bytes) -> None:
        """Send one text frame."""
        try:
            await self._socket.send(data, text=True)
        except websockets.ConnectionClosed as error:
            raise TransportClosedError(str(error)) from error

    async def receive(self) -> bytes | str:
        """The next text frame as bytes."""
        try:
            return await self._socket.recv(decode=False)
        except websockets.ConnectionClosed as error:
            raise TransportClosedError(str(error)) from error

    async def close(self) -> None:
        """Closing handshake, bounded by the close timeout."""
        await self._socket.close()

    def abort(self) -> None:
        """Drop the TCP connection."""
        transport: asyncio.WriteTransport = self._socket.transport
        transport.abort()

"""Feeds bytes, cut anywhere, to both transports: what is whole must arrive as it was sent, what is damaged harms nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import random
import struct
from collections import Counter
from collections.abc import Iterator
from typing import Any

from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from harness.cdp.pipe import PipeTransport
from harness.cdp.websocket import WebSocketTransport
from scripts.hardening.frames import Frames

STREAM = 40  # frames from a transport's start to its end
_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3


class Inbox:
    """Implements `harness.cdp.transport.Receiver`."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.ends: list[str] = []
        self.after_end = 0

    def receive(self, data: bytes) -> None:
        """Note it."""
        self.after_end += bool(self.ends)
        self.messages.append(data)

    def end(self, reason: str) -> None:
        """Note it."""
        self.ends.append(reason)

    def pause(self) -> None:
        """Nothing is sent here."""

    def resume(self) -> None:
        """Nothing is sent here."""

    def judge(self, name: str, expected: list[bytes] | None) -> list[str]:
        """What is wrong; expected: what had to arrive, or None where it was damaged."""
        found = []
        if len(self.ends) != 1 or self.after_end:
            found.append(f"{name}: told {len(self.ends)} ends, and {self.after_end} messages after one")
        if expected is not None and self.messages != expected:
            found.append(f"{name}: {len(self.messages)} messages arrived, not as the {len(expected)} that were sent")
        return found


def chunks(rng: random.Random, data: bytes) -> Iterator[bytes]:
    """The same bytes in pieces of any size."""
    at = 0
    while at < len(data):
        size = rng.choice((1, 2, 3, 7, 100, 1000, 20_000, 60_000))
        yield data[at : at + size]
        at += size


# --- pipe


async def pipe_stream(rng: random.Random, frames: int, told: Counter[str], broken: list[str]) -> None:
    """One pair of pipes from start to end."""
    source, inbox = Frames(rng), Inbox()
    to_browser, commands = os.pipe()
    answers, from_browser = os.pipe()
    transport = PipeTransport(answers, commands)
    transport.start(inbox)
    data = b"\0".join(_payload(rng, source) for _ in range(frames)) + rng.choice((b"\0", b"", b"\0\0"))
    expected = data.split(b"\0")[:-1]
    cut_at = rng.randrange(len(expected) + 1) if rng.random() < 0.1 else None
    for chunk in chunks(rng, data):
        os.write(from_browser, chunk)
        await _turns(2)
        if cut_at is not None and len(inbox.messages) >= cut_at:
            transport.abort()
            expected = list(inbox.messages)
            break
    await _turns(5)
    os.close(from_browser)
    await _turns(5)
    await transport.close()
    os.close(to_browser)
    told["messages over pipes"] += len(inbox.messages)
    broken += inbox.judge("pipe", expected)


async def _turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def _payload(rng: random.Random, source: Frames) -> bytes:
    return (source.real if rng.random() < 0.3 else source.mutated)((1, 2, 3), (("S1", "T1"),))


# --- WebSocket


class Socket(asyncio.Transport):
    """The TCP side, in memory: notes what is written, and tells the protocol of its end in the loop's next turn."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._told, self._closing = protocol, False
        self.written = b""

    def write(self, data: Any) -> None:
        """Note it."""
        self.written += bytes(data)

    def is_closing(self) -> bool:
        """Whether it has ended."""
        return self._closing

    def abort(self) -> None:
        """End."""
        self.lose(None)

    def close(self) -> None:
        """End."""
        self.lose(None)

    def lose(self, error: Exception | None) -> None:
        """End, as the network may."""
        if not self._closing:
            self._closing = True
            asyncio.get_running_loop().call_soon(self._told.connection_lost, error)


def websocket_frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """As a server sends it: not masked (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        length = bytes([size])
    else:
        length = b"\x7e" + struct.pack("!H", size) if size < 2**16 else b"\x7f" + struct.pack("!Q", size)
    return bytes([opcode | (0x80 if fin else 0)]) + length + payload


def _upgrade(request: bytes) -> bytes:
    key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + _ACCEPT, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _encoded(rng: random.Random, payload: bytes) -> bytes:
    """One message, perhaps in fragments with control frames among them."""
    control = b"".join(
        websocket_frame(rng.choice((0x9, 0xA)), b"p" * rng.randint(0, 125)) for _ in range(rng.choice((0, 0, 0, 1, 2)))
    )
    if rng.random() < 0.8:
        return control + websocket_frame(0x1, payload)
    at = rng.randint(0, len(payload))
    return websocket_frame(0x1, payload[:at], fin=False) + control + websocket_frame(0x0, payload[at:])


async def websocket_stream(rng: random.Random, frames: int, told: Counter[str], broken: list[str]) -> None:
    """One WebSocket from its upgrade to its end; two of three are damaged somewhere."""
    source, inbox = Frames(rng), Inbox()
    transport = WebSocketTransport(ClientProtocol(parse_uri("ws://127.0.0.1/devtools/browser/x")))
    socket = Socket(transport)
    transport.connection_made(socket)
    if rng.random() < 0.8:
        transport.start(inbox)
    messages = [_payload(rng, source) for _ in range(frames)]
    expected: list[bytes] | None = messages
    upgrade, encoded = _upgrade(socket.written), [_encoded(rng, message) for message in messages]
    if rng.random() < 0.66:
        expected = None
        where = rng.random()
        if where < 0.1:
            upgrade = source.damaged_bytes(upgrade)
        for number in range(frames) if where > 0.1 else ():
            if rng.random() < 0.1:
                head = source.damaged_bytes(encoded[number][:10])
                encoded[number] = (
                    head + encoded[number][10:] if rng.random() < 0.7 else source.damaged_bytes(encoded[number])
                )
    try:
        for chunk in chunks(rng, upgrade + b"".join(encoded)):
            if socket.is_closing():
                break
            transport.data_received(chunk)
            if rng.random() < 0.01:
                await asyncio.sleep(0)
        _end(rng, transport, socket)
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        _record(broken, f"websocket: {error!r}")
        socket.abort()
    await transport.close()
    transport.start(inbox)
    told["messages over WebSockets"] += len(inbox.messages)
    told["WebSockets that ended by themselves"] += expected is None and "1002" in "".join(inbox.ends)
    broken += inbox.judge("websocket", expected)


def _record(broken: list[str], what: str) -> None:
    broken.append(what)


def _end(rng: random.Random, transport: WebSocketTransport, socket: Socket) -> None:
    if socket.is_closing():
        return
    if rng.random() < 0.3:
        transport.data_received(websocket_frame(0x8, b"\x03\xe9going away"))
    if rng.random() < 0.5:
        transport.eof_received()
    socket.lose(rng.choice((None, ConnectionResetError("reset by peer"))))

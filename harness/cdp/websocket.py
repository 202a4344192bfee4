"""CDP over one WebSocket: the sans-I/O protocol of `websockets` on an asyncio protocol of our own.

The library's own asyncio connection costs a queue, a lock and two task switches a message; its protocol alone does not.
Compression is off (with it, PNGs come at half the rate) and no proxy is asked. Keep-alive: after `PING_AFTER_S` without
a byte a ping is sent; without a byte for `PONG_WITHIN_S` more the peer is dead, so a half-open connection is noticed
within 5 s (the library's defaults: about 50 s). Where our own loop was late, the wait begins anew: the answer may lie
unread in the socket.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidURI
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from harness.cdp.errors import ConnectFailedError
from harness.cdp.transport import MAX_MESSAGE_BYTES, Early, Receiver, TransportClosedError

CLOSE_TIMEOUT_S = 0.5
PING_AFTER_S = 1.5
PONG_WITHIN_S = 2.0
TICK_S = 0.5


class WebSocketTransport(asyncio.Protocol):
    """Implements `harness.cdp.transport.Transport`; made by `open`."""

    def __init__(self, protocol: ClientProtocol) -> None:
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._early = Early()
        self._receiver: Receiver = self._early
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._fragments: list[bytes] = []
        self._heard_s = self._loop.time()
        self._pinged_s: float | None = None
        self._tick_due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reason = ""

    @classmethod
    async def open(cls, url: str, timeout_s: float) -> WebSocketTransport:
        """Connect to `ws://…/devtools/browser/<id>`; ConnectFailedError with the reason."""
        try:
            uri = parse_uri(url)
            made = cls(ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES))
            try:
                async with asyncio.timeout(timeout_s):
                    await made._loop.create_connection(
                        lambda: made, uri.host, uri.port, ssl=ssl.create_default_context() if uri.secure else None
                    )
                    await made._opened
            except BaseException:
                made.abort()
                raise
        except (OSError, TimeoutError, ValueError, InvalidURI, ConnectFailedError) as error:  # ValueError: of its parts
            raise ConnectFailedError(
                "the browser's endpoint did not accept a connection",
                why=error.why if isinstance(error, ConnectFailedError) else str(error) or type(error).__name__,
            ) from error
        return made

    # --- the port

    def start(self, receiver: Receiver) -> None:
        """Tell this receiver from now on."""
        self._receiver = receiver
        self._early.hand_over(receiver)

    def send(self, messages: Sequence[bytes]) -> None:
        """Send each as one text frame, all in one write."""
        protocol = self._protocol
        if protocol.state is not State.OPEN or self._transport is None or self._transport.is_closing():
            raise TransportClosedError
        for message in messages:
            protocol.send_text(message)
        self._transport.write(b"".join(protocol.data_to_send()))

    async def close(self) -> None:
        """Closing handshake, bounded by the close timeout."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(1000)
            self._flush()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._ended.wait()
        except TimeoutError:
            self.abort()
            await self._ended.wait()

    def abort(self) -> None:
        """Drop the TCP connection."""
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TCP connection stands: ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Bytes from the peer: whole messages go to the receiver at once."""
        self._heard_s = self._loop.time()
        self._pinged_s = None  # not by comparing times: uvloop's clock ticks in milliseconds, and a pong is faster
        protocol = self._protocol
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
            else:
                self._upgraded()
        self._flush()

    def eof_received(self) -> None:
        """The peer ended; asyncio closes our side."""
        self._protocol.receive_eof()
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """The TCP connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._protocol.state is not State.CLOSED:
            self._protocol.receive_eof()
        reason = self._reason or str(error or self._how_it_closed())
        if not self._opened.done():
            self._opened.set_exception(ConnectFailedError("the upgrade was not answered", why=reason))
            self._opened.exception()
        self._ended.set()
        self._receiver.end(reason)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._receiver.pause()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._receiver.resume()

    # --- inside

    def _how_it_closed(self) -> Exception:
        protocol = self._protocol
        if protocol.handshake_exc is not None:
            return protocol.handshake_exc
        return protocol.close_exc if protocol.state is State.CLOSED else EOFError("it ended in the opening handshake")

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and frame.fin:
            self._receiver.receive(bytes(frame.data))
        elif frame.opcode in {Opcode.TEXT, Opcode.CONT, Opcode.BINARY}:
            self._fragments.append(bytes(frame.data))
            if frame.fin:
                message, self._fragments = b"".join(self._fragments), []
                self._receiver.receive(message)

    def _upgraded(self) -> None:
        refused = self._protocol.handshake_exc
        if self._opened.done():
            return
        if refused is not None:
            self._opened.set_exception(ConnectFailedError("the upgrade was refused", why=str(refused)))
            self._opened.exception()
            return
        self._opened.set_result(None)
        self._tick_later()

    def _flush(self) -> None:
        assert self._transport is not None
        out = b"".join(self._protocol.data_to_send())
        if out and not self._transport.is_closing():
            self._transport.write(out)
        if self._protocol.close_expected() and not self._ended.is_set():
            self._loop.call_later(CLOSE_TIMEOUT_S, self.abort)

    def _tick_later(self) -> None:
        self._tick_due_s = self._loop.time() + TICK_S
        self._timer = self._loop.call_at(self._tick_due_s, self._tick)

    def _tick(self) -> None:
        """Ping a silent peer, and cut one that stays silent."""
        now_s = self._loop.time()
        if self._pinged_s is None:
            if now_s - self._heard_s >= PING_AFTER_S and self._protocol.state is State.OPEN:
                self._pinged_s = now_s
                self._protocol.send_ping(b"")
                self._flush()
        elif now_s - self._tick_due_s > TICK_S:
            self._pinged_s = now_s  # it was we who did not listen
        elif now_s - self._pinged_s >= PONG_WITHIN_S:
            self._reason = f"keep-alive: no byte for {now_s - self._heard_s:.1f} s"
            self.abort()
            return
        self._tick_later()

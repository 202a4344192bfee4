"""The WebSocket transport against a server of its own on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from harness.cdp import websocket
from harness.cdp.errors import ConnectFailedError
from harness.cdp.transport import TransportClosedError
from harness.cdp.websocket import WebSocketTransport
from tests.cdp.receiving import Inbox


async def _serve(connection: ServerConnection) -> None:
    async for message in connection:
        if message == "bye":
            await connection.close(1001, "going away")
        elif message == "large":
            await connection.send("x" * 3_000_000)
        elif message == "in pieces":
            await connection.send(iter(["in ", "pieces"]))
        elif message == "stop reading":
            connection.transport.pause_reading()
        else:
            await connection.send(message)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(_serve, "127.0.0.1", 0) as server:
        yield server


def _url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"


async def test_messages_go_both_ways_and_may_be_larger_than_the_librarys_own_limit(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    transport.send([b'{"id":1}', b'{"id":2}'])
    assert [await inbox.get(), await inbox.get()] == [b'{"id":1}', b'{"id":2}']
    transport.send([b"large"])
    assert len(await inbox.get()) == 3_000_000
    transport.send([b"in pieces"])
    assert await inbox.get() == b"in pieces"
    await transport.close()


async def test_what_comes_before_it_is_started_is_told_then(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.send([b"early", b"bye"])
    await transport._ended.wait()
    transport.start(inbox)
    assert inbox.messages == [b"early"]
    assert "going away" in await inbox.ended


async def test_it_offers_no_compression_no_origin_and_no_name_of_a_library(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    (peer,) = server.connections
    assert not {"Sec-WebSocket-Extensions", "Origin", "User-Agent"} & set(peer.request.headers)
    await transport.close()


async def test_the_peers_end_is_told_with_its_reason_and_nothing_more_is_taken(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    transport.send([b"bye"])
    assert "going away" in await inbox.ended
    with pytest.raises(TransportClosedError):
        transport.send([b"more"])
    await transport.close()


async def test_a_cut_is_told_once_and_may_be_repeated(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    transport.abort()
    transport.abort()
    assert "no close frame" in await inbox.ended
    await transport.close()
    assert inbox.ends == 1


async def test_a_closed_transport_has_told_its_receiver(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    await transport.close()
    await transport.close()
    assert inbox.ends == 1


async def test_a_peer_that_does_not_read_makes_it_say_pause_and_then_resume(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    (peer,) = server.connections
    transport.send([b"stop reading"])
    while not inbox.paused:
        transport.send([b"x" * 1_000_000])
        await asyncio.sleep(0)
    peer.transport.resume_reading()
    await inbox.resumed.wait()
    transport.abort()
    await inbox.ended


async def test_a_silent_peer_is_pinged_and_given_up_when_it_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A half-open connection: the other end takes everything and says nothing, not even a pong."""
    for name in ("PING_AFTER_S", "PONG_WITHIN_S", "TICK_S"):
        monkeypatch.setattr(websocket, name, getattr(websocket, name) / 50)
    frozen = asyncio.Event()

    async def freeze(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await frozen.wait()
        connection.transport.abort()

    async with serve(freeze, "127.0.0.1", 0, ping_interval=None) as server:
        transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
        transport.start(inbox)
        assert "keep-alive: no byte for" in await inbox.ended
        frozen.set()


async def test_a_peer_that_only_answers_pings_is_alive(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PING_AFTER_S", "PONG_WITHIN_S", "TICK_S"):
        monkeypatch.setattr(websocket, name, getattr(websocket, name) / 50)
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    pinged = []
    send_ping = transport._protocol.send_ping
    monkeypatch.setattr(transport._protocol, "send_ping", lambda data: (pinged.append(data), send_ping(data)))
    while len(pinged) < 3 and not inbox.ends:
        await asyncio.sleep(0.01)
    assert inbox.ends == 0
    await transport.close()


async def test_where_our_own_loop_was_late_the_wait_for_a_sign_of_life_begins_anew(server: Server) -> None:
    transport, inbox = await WebSocketTransport.open(_url(server), 5.0), Inbox()
    transport.start(inbox)
    now_s = transport._loop.time()
    transport._heard_s, transport._pinged_s, transport._tick_due_s = now_s - 60, now_s - 50, now_s - 50
    transport._tick()
    assert inbox.ends == 0
    transport._heard_s, transport._pinged_s = now_s - 60, now_s - 50
    transport._tick()
    await inbox.ended


async def test_an_endpoint_that_nobody_serves_refuses_with_the_reason(server: Server) -> None:
    url = _url(server)
    server.close()
    await server.wait_closed()
    with pytest.raises(ConnectFailedError, match="did not accept a connection") as caught:
        await WebSocketTransport.open(url, 5.0)
    assert caught.value.__cause__ is not None


async def test_an_endpoint_that_answers_otherwise_is_refused_with_what_it_said() -> None:
    async def refuse(connection: ServerConnection, _request: object) -> object:
        return connection.respond(404, "no such browser\n")

    async with serve(_serve, "127.0.0.1", 0, process_request=refuse) as server:
        with pytest.raises(ConnectFailedError, match="404"):
            await WebSocketTransport.open(_url(server), 5.0)


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH_9.2\r\n"])
async def test_an_endpoint_that_speaks_something_else_is_refused(words: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(words)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"
        with pytest.raises(ConnectFailedError, match="valid HTTP response"):
            await WebSocketTransport.open(url, 5.0)


async def test_an_endpoint_that_accepts_and_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"
        with pytest.raises(ConnectFailedError):
            await WebSocketTransport.open(url, 0.05)


NO_ADDRESSES = [
    "http://127.0.0.1/",
    "ws://",
    "nonsense",
    "ws://h:99999/",
    "ws://h:x/",
    "ws://[::1/",
    "ws://h/\ud83d",
    "ws://\0/",
]


@pytest.mark.parametrize("url", NO_ADDRESSES)
async def test_what_is_no_websocket_address_is_refused(url: str) -> None:
    with pytest.raises(ConnectFailedError):
        await WebSocketTransport.open(url, 1.0)

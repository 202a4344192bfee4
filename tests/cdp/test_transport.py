"""The WebSocket transport against a server of its own on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve

from harness.cdp.errors import ConnectFailedError
from harness.cdp.transport import TransportClosedError, WebSocketTransport


async def _serve(connection: ServerConnection) -> None:
    async for message in connection:
        if message == "bye":
            await connection.close(1001, "going away")
        elif message == "large":
            await connection.send("x" * 3_000_000)
        else:
            await connection.send(message)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(_serve, "127.0.0.1", 0) as server:
        yield server


def _url(server: Server) -> str:
    return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"


async def test_messages_go_both_ways_and_may_be_larger_than_the_librarys_own_limit(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    await transport.send(b'{"id":1}')
    assert await transport.receive() == b'{"id":1}'
    await transport.send(b"large")
    assert len(await transport.receive()) == 3_000_000
    await transport.close()


async def test_it_offers_no_compression_no_origin_and_no_name_of_a_library(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    (peer,) = server.connections
    assert not {"Sec-WebSocket-Extensions", "Origin", "User-Agent"} & set(peer.request.headers)
    await transport.close()


async def test_the_peers_end_is_told_to_reader_and_writer(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    await transport.send(b"bye")
    with pytest.raises(TransportClosedError, match="going away"):
        await transport.receive()
    with pytest.raises(TransportClosedError):
        await transport.send(b"more")
    await transport.close()


async def test_a_cut_ends_a_waiting_reader_and_may_be_repeated(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    reader = asyncio.create_task(transport.receive())
    await asyncio.sleep(0)
    transport.abort()
    transport.abort()
    with pytest.raises(TransportClosedError):
        await reader
    await transport.close()


async def test_a_closed_transport_tells_its_reader(server: Server) -> None:
    transport = await WebSocketTransport.open(_url(server), 5.0)
    await transport.close()
    await transport.close()
    with pytest.raises(TransportClosedError):
        await transport.receive()


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


async def test_an_endpoint_that_accepts_and_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"
        with pytest.raises(ConnectFailedError):
            await WebSocketTransport.open(url, 0.05)

"""Bytes pass through a relay until it goes mute; then none does, and nobody is told."""

from __future__ import annotations

import asyncio

import pytest

from harness.basics.errors import UsageError
from harness.testing.relay import Relay


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
    writer.close()


async def test_bytes_pass_both_ways_until_it_goes_mute() -> None:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    there = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/devtools/browser/x"
    relay = await Relay.start(there)
    assert relay.url(there).endswith("/devtools/browser/x")
    port = int(relay.url(there).split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    relay.mute()
    writer.write(b"anyone?")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await reader.read(1)
    await relay.stop()
    assert await reader.read() == b""
    writer.close()
    server.close()


async def test_an_end_at_one_side_is_passed_on() -> None:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    relay = await Relay.start(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(relay.url("ws://x/").rsplit(":")[2].strip("/")))
    writer.write_eof()
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()
    await relay.stop()
    server.close()


async def test_an_address_without_a_port_is_refused() -> None:
    with pytest.raises(UsageError):
        await Relay.start("ws://somewhere/")

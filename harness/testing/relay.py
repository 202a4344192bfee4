"""A TCP relay that can go mute: a network that takes every byte and delivers none, as a half-open connection does."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit, urlunsplit

from harness.basics.errors import UsageError

READ_BYTES = 2**16


class Relay:
    """Listens on loopback and passes bytes on, both ways; `stop` ends it. Made by `start`."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._passing = asyncio.Event()
        self._passing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @classmethod
    async def start(cls, url: str) -> Relay:
        """A relay to the host and port of this address."""
        there = urlsplit(url)
        if there.hostname is None or there.port is None:
            raise UsageError("a relay needs a host and a port", why=f"{url!r} names none")
        made = cls(there.hostname, there.port)
        made._server = await asyncio.start_server(made._accept, "127.0.0.1", 0)
        return made

    def url(self, url: str) -> str:
        """The same address, through the relay."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return urlunsplit(urlsplit(url)._replace(netloc=f"127.0.0.1:{port}"))

    def mute(self) -> None:
        """Deliver nothing more; connections stay open, and new ones are accepted."""
        self._passing.clear()

    async def stop(self) -> None:
        """Close the listener and all connections."""
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer), name="relay")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._passing.wait()
            there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pass(reader, there_writer))
                    both.create_task(self._pass(there_reader, writer))
            finally:
                there_writer.close()
        finally:
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_BYTES):
            await self._passing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

"""Attaching to a browser that runs already: the test serves its HTTP and its WebSocket endpoint."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from harness.cdp.errors import BrowserGoneError, ConnectFailedError
from harness.cdp.remote import RemoteBrowser, RemoteEndpoint


class Remote:
    """A port with a browser behind it; `browser_id` may change, as after a restart."""

    def __init__(self) -> None:
        self.browser_id = "one"
        self.version: bytes | None = None
        self.server: Server | None = None

    @property
    def port(self) -> int:
        return self.server.sockets[0].getsockname()[1]

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/devtools/browser/{self.browser_id}"

    def answer(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/json/version":
            return None
        body = self.version if self.version is not None else json.dumps({"webSocketDebuggerUrl": self.websocket_url})
        return connection.respond(HTTPStatus.OK, body if isinstance(body, str) else body.decode())


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


@pytest.fixture
async def remote() -> AsyncIterator[Remote]:
    remote = Remote()
    async with serve(_echo, "127.0.0.1", 0, process_request=remote.answer) as remote.server:
        yield remote


async def test_the_address_of_a_port_is_asked_for_the_browser_behind_it(remote: Remote) -> None:
    browser = await RemoteBrowser.start(RemoteEndpoint(f"http://127.0.0.1:{remote.port}", 5.0))
    assert browser.endpoint == remote.websocket_url
    assert browser.is_alive()
    transport = await browser.connect(5.0)
    await transport.close()
    browser.kill()
    await browser.stop()
    assert browser.exited.is_set()


async def test_a_websocket_address_is_taken_as_it_is(remote: Remote) -> None:
    browser = await RemoteBrowser.start(RemoteEndpoint(remote.websocket_url, 5.0))
    assert browser.endpoint == remote.websocket_url
    await (await browser.connect(5.0)).close()


async def test_another_browser_in_its_place_is_not_taken_for_it(remote: Remote) -> None:
    browser = await RemoteBrowser.start(RemoteEndpoint(f"http://127.0.0.1:{remote.port}/", 5.0))
    remote.browser_id = "two"
    with pytest.raises(BrowserGoneError, match="another browser answers"):
        await browser.connect(5.0)
    assert not browser.is_alive()


@pytest.mark.parametrize("said", [b"{}", b"no JSON", b'{"webSocketDebuggerUrl": 7}'])
async def test_a_port_without_a_browser_behind_it_is_refused(remote: Remote, said: bytes) -> None:
    remote.version = said
    with pytest.raises(ConnectFailedError, match="no browser answers at"):
        await RemoteBrowser.start(RemoteEndpoint(f"http://127.0.0.1:{remote.port}", 5.0))


async def test_a_port_that_nobody_listens_on_is_refused_with_the_reason() -> None:
    with pytest.raises(ConnectFailedError, match="no browser answers at") as caught:
        await RemoteBrowser.start(RemoteEndpoint("http://127.0.0.1:9", 5.0))
    assert "refused" in str(caught.value)

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from harness.cdp import websocket
from harness.cdp.errors import ConnectFailedError
from harness.cdp.websocket import WebSocketTransport
from harness.testing.sim_browser import Fault, SimBrowser, SimServer
from tests.cdp.receiving import Inbox


def _command(number: int, method: str, **params: Any) -> bytes:
    return json.dumps({"id": number, "method": method, "params": params}).encode()


async def _get(server: SimServer, path: str) -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


async def test_the_version_names_the_address_and_other_paths_are_not_there() -> None:
    async with SimServer(SimBrowser()) as server:
        status, body = await _get(server, "/json/version")
        assert status == 200
        assert json.loads(body)["webSocketDebuggerUrl"] == server.endpoint
        assert (await _get(server, "/json/nothing"))[0] == 404


async def test_the_harness_own_transport_speaks_with_it() -> None:
    async with SimServer(SimBrowser()) as server:
        transport, inbox = await WebSocketTransport.open(server.endpoint, 10), Inbox()
        transport.start(inbox)
        transport.send([_command(1, "Browser.getVersion")])
        assert json.loads(await inbox.get())["result"]["product"] == "SimBrowser/1.0"
        await transport.close()
        assert server.browser.clients == []


async def test_the_address_of_a_browser_that_was_restarted_is_not_answered() -> None:
    browser = SimBrowser()
    async with SimServer(browser) as server:
        before = server.endpoint
        browser.restart()
        with pytest.raises(ConnectFailedError) as refused:
            await WebSocketTransport.open(before, 10)
        assert "404" in refused.value.why
        transport = await WebSocketTransport.open(server.endpoint, 10)
        transport.start(Inbox())
        transport.abort()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("socket_drop", "no close frame"), ("browser_death", "no close frame"), ("oversized_reply", "1009")],
)
async def test_the_transport_sees_how_a_connection_ends(kind, reason: str) -> None:
    browser = SimBrowser(faults=[Fault(kind=kind, at="Browser.getVersion")])
    async with SimServer(browser) as server:
        transport, inbox = await WebSocketTransport.open(server.endpoint, 10), Inbox()
        transport.start(inbox)
        transport.send([_command(1, "Browser.getVersion")])
        assert reason in await inbox.ended
        assert inbox.messages == []


@pytest.mark.parametrize("kind", ["half_open", "freeze"])
async def test_a_browser_that_is_silent_answers_no_ping_and_is_found_out_by_keep_alive(
    kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"PING_AFTER_S": 0.02, "PONG_WITHIN_S": 0.05, "TICK_S": 0.01}.items():
        monkeypatch.setattr(websocket, name, seconds)
    browser = SimBrowser()
    async with SimServer(browser) as server:
        transport, inbox = await WebSocketTransport.open(server.endpoint, 10), Inbox()
        transport.start(inbox)
        browser.strike(Fault(kind=kind))
        assert "keep-alive" in await inbox.ended
        browser.thaw()


async def test_a_frozen_browser_answers_no_handshake_until_it_goes_on() -> None:
    browser = SimBrowser()
    async with SimServer(browser) as server:
        browser.freeze()
        with pytest.raises(ConnectFailedError):
            await WebSocketTransport.open(server.endpoint, 0.1)
        opening = asyncio.create_task(WebSocketTransport.open(server.endpoint, 60))
        while len(server.connections) < 1:
            await asyncio.sleep(0)
        browser.thaw()
        transport = await opening
        transport.start(Inbox())
        transport.abort()


async def test_a_binary_frame_arrives_and_one_from_the_client_ends_the_connection() -> None:
    browser = SimBrowser()
    async with SimServer(browser) as server:
        transport, inbox = await WebSocketTransport.open(server.endpoint, 10), Inbox()
        transport.start(inbox)
        browser.strike(Fault(kind="binary_frame"))
        assert b"not an envelope" in await inbox.get()
        transport._protocol.send_binary(b"abc")
        transport._flush()
        assert "no close frame" in await inbox.ended

from __future__ import annotations

import asyncio
import json

import pytest

from harness.cdp.transport import TransportClosedError
from harness.testing.sim_browser import Fault, MemoryTransport, SimBrowser
from tests.cdp.receiving import Inbox

VERSION = json.dumps({"id": 1, "method": "Browser.getVersion"}).encode()


async def test_what_the_browser_says_arrives_in_order_and_never_within_the_send() -> None:
    transport, inbox = MemoryTransport(SimBrowser()), Inbox()
    transport.start(inbox)
    transport.send([VERSION, VERSION.replace(b"1", b"2")])
    assert inbox.messages == []
    assert [json.loads(await inbox.get())["id"] for _ in range(2)] == [1, 2]
    assert len(transport.received) == 2


@pytest.mark.parametrize(("kind", "reason"), [("socket_drop", "1006"), ("oversized_reply", "1009")])
async def test_a_lost_connection_is_told_once_and_takes_nothing_more(kind, reason: str) -> None:
    browser = SimBrowser()
    transport, inbox = MemoryTransport(browser), Inbox()
    transport.start(inbox)
    browser.strike(Fault(kind=kind))
    assert reason in await inbox.ended
    with pytest.raises(TransportClosedError):
        transport.send([VERSION])
    transport.abort()
    await asyncio.sleep(0)
    assert (inbox.ends, browser.clients) == (1, [])


async def test_closing_in_order_ends_the_sessions_of_the_client() -> None:
    browser = SimBrowser()
    transport, inbox = MemoryTransport(browser), Inbox()
    transport.start(inbox)
    await transport.close()
    assert await inbox.ended == "closed in order"
    assert browser.clients == []

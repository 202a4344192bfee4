from __future__ import annotations

import asyncio
import json

import pytest

from harness.cdp.transport import TransportClosedError
from harness.testing.fake_transport import FakeTransport


def _command(number: int, method: str, **more: object) -> bytes:
    return json.dumps({"id": number, "method": method, **more}).encode()


async def test_a_command_is_noted_and_answered_where_there_is_an_answer() -> None:
    browser = FakeTransport({"Browser.getVersion": {"product": "Fake/1"}, "X.y": lambda command: {"n": command["id"]}})
    await browser.send(_command(1, "Browser.getVersion"))
    await browser.send(_command(2, "X.y", sessionId="S1"))
    await browser.send(_command(3, "X.waits"))
    assert [command["id"] for command in browser.sent] == [1, 2, 3]
    assert json.loads(await browser.receive()) == {"id": 1, "result": {"product": "Fake/1"}}
    assert json.loads(await browser.receive()) == {"id": 2, "result": {"n": 2}, "sessionId": "S1"}


async def test_the_test_answers_refuses_and_tells_events_itself() -> None:
    browser = FakeTransport()
    waiting = asyncio.create_task(browser.command("X.y"))
    await browser.send(_command(1, "X.y"))
    command = await waiting
    browser.reply(command)
    browser.refuse(command, "no", -1)
    browser.event("Page.loadEventFired", session_id="S1")
    browser.feed(b"anything")
    assert [await browser.receive() for _ in range(4)] == [
        b'{"id": 1, "result": {}}',
        b'{"id": 1, "error": {"code": -1, "message": "no"}}',
        b'{"method": "Page.loadEventFired", "params": {}, "sessionId": "S1"}',
        b"anything",
    ]


async def test_after_its_end_everything_is_refused_but_what_came_before_is_read() -> None:
    browser = FakeTransport()
    browser.feed(b"last words")
    browser.abort()
    await browser.close()
    assert browser.aborted
    assert browser.closed_in_order
    assert await browser.receive() == b"last words"
    for _ in range(2):
        with pytest.raises(TransportClosedError, match="cut"):
            await browser.receive()
    with pytest.raises(TransportClosedError):
        await browser.send(_command(1, "X.y"))

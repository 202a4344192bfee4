from __future__ import annotations

import asyncio
import json

import pytest

from harness.cdp.transport import TransportClosedError
from harness.testing.fake_transport import FakeTransport
from tests.cdp.receiving import Inbox


def _command(number: int, method: str, **more: object) -> bytes:
    return json.dumps({"id": number, "method": method, **more}).encode()


async def test_a_command_is_noted_and_answered_where_there_is_an_answer() -> None:
    browser = FakeTransport({"Browser.getVersion": {"product": "Fake/1"}, "X.y": lambda command: {"n": command["id"]}})
    inbox = Inbox()
    browser.start(inbox)
    browser.send([_command(1, "Browser.getVersion"), _command(2, "X.y", sessionId="S1"), _command(3, "X.waits")])
    assert [command["id"] for command in browser.sent] == [1, 2, 3]
    assert browser.batches == [3]
    assert json.loads(await inbox.get()) == {"id": 1, "result": {"product": "Fake/1"}}
    assert json.loads(await inbox.get()) == {"id": 2, "result": {"n": 2}, "sessionId": "S1"}


async def test_the_test_answers_refuses_and_tells_events_itself() -> None:
    browser, inbox = FakeTransport(), Inbox()
    browser.start(inbox)
    waiting = asyncio.create_task(browser.command("X.y"))
    browser.send([_command(1, "X.y")])
    command = await waiting
    browser.reply(command)
    browser.refuse(command, "no", -1)
    browser.event("Page.loadEventFired", session_id="S1")
    browser.feed(b"anything")
    assert [await inbox.get() for _ in range(4)] == [
        b'{"id": 1, "result": {}}',
        b'{"id": 1, "error": {"code": -1, "message": "no"}}',
        b'{"method": "Page.loadEventFired", "params": {}, "sessionId": "S1"}',
        b"anything",
    ]


async def test_after_its_end_everything_is_refused_but_what_came_before_is_told() -> None:
    browser, inbox = FakeTransport(), Inbox()
    browser.feed(b"last words")
    browser.abort()
    await browser.close()
    assert browser.aborted
    assert browser.closed_in_order
    browser.start(inbox)
    assert await inbox.get() == b"last words"
    assert await inbox.ended == "cut"
    assert inbox.ends == 1
    with pytest.raises(TransportClosedError):
        browser.send([_command(1, "X.y")])


async def test_a_browser_that_does_not_read_says_so() -> None:
    browser, inbox = FakeTransport(), Inbox()
    browser.start(inbox)
    browser.block()
    assert inbox.paused
    browser.unblock()
    assert inbox.resumed.is_set()

"""The pipe transport over real pipes; the test plays the browser."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Iterator

import pytest

from harness.cdp import pipe
from harness.cdp.pipe import PipeTransport
from harness.cdp.transport import TransportClosedError
from tests.cdp.receiving import Inbox


class Browser:
    """The browser's ends of both pipes."""

    def __init__(self) -> None:
        self.reads, self._commands = os.pipe()
        self._answers, self.writes = os.pipe()
        self._open = {self.reads, self.writes}
        self.inbox = Inbox()

    def transport(self) -> PipeTransport:
        return PipeTransport(self._answers, self._commands)

    def say(self, data: bytes) -> None:
        os.write(self.writes, data)

    def close(self, *descriptors: int) -> None:
        for descriptor in descriptors or tuple(self._open):
            self._open.discard(descriptor)
            os.close(descriptor)


@pytest.fixture
async def browser() -> Iterator[Browser]:
    browser = Browser()
    yield browser
    browser.close()


async def test_messages_go_both_ways_each_ended_by_a_nul(browser: Browser) -> None:
    transport = browser.transport()
    transport.start(browser.inbox)
    transport.send([b'{"id":1}', b'{"id":2}'])
    assert os.read(browser.reads, 100) == b'{"id":1}\0{"id":2}\0'
    browser.say(b'{"id":1}\0{"id":2}\0{"id"')
    assert [await browser.inbox.get(), await browser.inbox.get()] == [b'{"id":1}', b'{"id":2}']
    browser.say(b":3")
    browser.say(b"}\0")
    assert await browser.inbox.get() == b'{"id":3}'
    await transport.close()
    assert browser.inbox.ends == 1


async def test_a_message_larger_than_the_pipe_arrives_whole(browser: Browser) -> None:
    transport = browser.transport()
    transport.start(browser.inbox)
    await asyncio.to_thread(lambda: [browser.say(b"x" * 60_000) for _ in range(50)])
    browser.say(b"\0y\0")
    assert len(await browser.inbox.get()) == 3_000_000
    assert await browser.inbox.get() == b"y"
    await transport.close()


async def test_what_comes_before_it_is_started_is_told_then(browser: Browser) -> None:
    transport = browser.transport()
    browser.say(b"early\0")
    browser.close(browser.writes)
    while transport._open:
        await asyncio.sleep(0)
    transport.start(browser.inbox)
    assert browser.inbox.messages == [b"early"]
    assert await browser.inbox.ended == "the browser closed its pipe"


async def test_the_browsers_end_is_told_once_and_nothing_more_is_taken(browser: Browser) -> None:
    transport = browser.transport()
    transport.start(browser.inbox)
    browser.close()
    assert await browser.inbox.ended
    with pytest.raises(TransportClosedError):
        transport.send([b"more"])
    await transport.close()
    transport.abort()
    assert browser.inbox.ends == 1


async def test_a_cut_closes_both_pipes(browser: Browser) -> None:
    transport = browser.transport()
    transport.start(browser.inbox)
    transport.abort()
    assert await browser.inbox.ended == "cut"
    assert os.read(browser.reads, 1) == b""
    with pytest.raises(BrokenPipeError):
        browser.say(b"x")


async def test_a_browser_that_does_not_read_makes_it_say_pause_and_then_resume(browser: Browser) -> None:
    transport = browser.transport()
    transport.start(browser.inbox)
    while not browser.inbox.paused:
        transport.send([b"x" * 100_000])
    taken = 0
    while browser.inbox.paused:
        if select.select([browser.reads], [], [], 0)[0]:
            taken += len(os.read(browser.reads, 1 << 16))
        await asyncio.sleep(0)
    assert taken > pipe.HIGH_WATER_BYTES
    transport.abort()
    await browser.inbox.ended


async def test_a_message_that_does_not_end_ends_the_transport(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipe, "MAX_MESSAGE_BYTES", 1000)
    transport = browser.transport()
    transport.start(browser.inbox)
    browser.say(b"x" * 1001)
    assert "larger than" in await browser.inbox.ended

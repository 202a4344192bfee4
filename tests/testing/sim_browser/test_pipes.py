"""What only a pipe shows; test_executable drives a whole browser over it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cdp import pipe
from harness.cdp.launch import BrowserProcess, LaunchOptions
from harness.testing.sim_browser import pipes, sim_binary
from harness.testing.sim_browser.browser import SimBrowser
from tests.cdp.receiving import Inbox


@pytest.fixture
async def started(tmp_path: Path):
    process = await BrowserProcess.start(LaunchOptions(sim_binary(tmp_path), transport="pipe", start_timeout_s=60.0))
    yield process
    await process.stop()


async def test_many_messages_in_one_write_are_answered_in_order(started: BrowserProcess) -> None:
    transport, inbox = await started.connect(10), Inbox()
    transport.start(inbox)
    transport.send([json.dumps({"id": n, "method": "Browser.getVersion"}).encode() for n in range(1, 101)])
    assert [json.loads(await inbox.get())["id"] for _ in range(100)] == list(range(1, 101))
    await transport.close()


async def test_the_browser_ends_with_its_pipe(started: BrowserProcess) -> None:
    transport = await started.connect(10)
    transport.start(Inbox())
    transport.abort()
    await started.exited.wait()
    assert started.exit_code == 0


async def test_a_dropped_connection_is_the_end_of_the_browser(started: BrowserProcess) -> None:
    transport, inbox = await started.connect(10), Inbox()
    transport.start(inbox)
    transport.send([json.dumps({"id": 1, "method": "Sim.inject", "params": {"kind": "socket_drop"}}).encode()])
    assert "closed its pipe" in await inbox.ended
    await started.exited.wait()


class _Out:
    """The writing end, which counts."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, data: bytes) -> None:
        self.written += len(data)


def test_a_message_that_is_too_long_is_longer_than_what_the_client_keeps() -> None:
    out = _Out()
    pipes._PipeWire(SimBrowser(), out, None).oversize()  # type: ignore[arg-type]
    assert out.written > pipe.MAX_MESSAGE_BYTES

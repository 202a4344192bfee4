"""The short form of `scripts/fuzz`, and proof that it would notice."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness.cdp.connection import Connection
from harness.cdp.pipe import PipeTransport
from harness.cdp.protocol import CdpProtocol
from harness.cdp.websocket import WebSocketTransport
from scripts.hardening.frames import Frames
from scripts.hardening.fuzz import fuzz


async def test_mutated_frames_break_nothing_and_leave_nobody_waiting() -> None:
    report = await fuzz(20_000, 1)
    assert report.broken == []
    assert report.frames == {"connection": 12_000, "websocket": 4_000, "pipe": 4_000}
    seen = (
        "answered",
        "cancelled",
        "command_timeout",
        "connection_lost",
        "protocol_error",
        "session_detached",
        "target_crashed",
    )
    assert not {*seen, "late replies", "malformed frames", "messages over WebSockets"} - report.told.keys()


def test_the_same_seed_makes_the_same_frames() -> None:
    made = [
        [frames.mutated((1, 2), (("S1", "T1"),)) for _ in range(300)]
        for frames in (Frames(random.Random(3)) for _ in "ab")
    ]
    assert made[0] == made[1]
    assert len(set(made[0])) > 200


async def test_it_notices_a_waiter_that_nobody_frees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CdpProtocol, "fail", lambda *_: 0)
    assert any("stuck" in what for what in (await fuzz(2_000, 1)).broken)


async def test_it_notices_a_frame_that_is_not_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = CdpProtocol.receive

    def receive_and_miscount(self: CdpProtocol[Any], data: bytes) -> Any:
        self.late_replies += 1
        return receive(self, data)

    monkeypatch.setattr(CdpProtocol, "receive", receive_and_miscount)
    assert any("a frame counted as" in what for what in (await fuzz(2_000, 1)).broken)


async def test_it_notices_an_error_of_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Connection, "_crashed", fail)
    assert any("ended by itself" in what for what in (await fuzz(20_000, 1)).broken)


async def test_it_notices_a_transport_that_loses_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WebSocketTransport, "_take", lambda *_: None)
    monkeypatch.setattr(PipeTransport, "_take", lambda *_: None)
    broken = (await fuzz(2_000, 1)).broken
    assert any("websocket: 0 messages" in what for what in broken)
    assert any("pipe: 0 messages" in what for what in broken)

"""A coordinator whose events can be read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harness.basics.clock import FakeClock
from harness.coordination.leases import Coordinator
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink


class Events:
    """What was emitted, as fields with the event's name and level."""

    def __init__(self) -> None:
        self.sink = ListSink()
        self.telemetry = Telemetry(self.sink, run_id="run-test")

    def named(self, *names: str) -> list[dict[str, Any]]:
        lines = (msgspec.json.decode(line) for _, line in self.sink.lines)
        return [{"event": line["event"], **line.get("fields", {})} for line in lines if line["event"] in names]

    def order(self) -> list[str]:
        return [msgspec.json.decode(line)["event"] for _, line in self.sink.lines]


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def coordinator(events: Events, clock: FakeClock) -> Coordinator:
    return Coordinator(events.telemetry.log, run_id="run-test", clock=clock)

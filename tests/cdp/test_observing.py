from __future__ import annotations

import asyncio

import pytest

from harness.cdp.errors import CommandTimeoutError


async def test_metrics_count_each_command_by_method_and_by_outcome(rig) -> None:
    for _ in range(3):
        await rig.connection.call("Browser.getVersion")
    with pytest.raises(CommandTimeoutError):
        await rig.connection.call("X.y", timeout_s=0)
    cancelled = asyncio.create_task(rig.connection.call("X.y"))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    metrics = rig.metrics
    assert metrics.outcomes == {"ok": 3, "command_timeout": 1, "cancelled": 1}
    assert {method: histogram.count for method, histogram in metrics.duration_ms.items()} == {
        "Browser.getVersion": 3,
        "X.y": 2,
    }


async def test_each_command_is_told_with_its_ids(rig) -> None:
    session = await rig.session()
    rig.browser.answers["Page.getFrameTree"] = {}
    await session.call("Page.getFrameTree")
    told = rig.events.all("command.completed")[-1]
    assert told["command_id"] == "b1.1.2"
    assert (told["fields"]["session_id"], told["fields"]["outcome"]) == ("S1", "ok")
    assert told["fields"]["duration_ms"] > 0

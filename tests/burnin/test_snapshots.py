from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import anyio
import psutil
import pytest

from harness.burnin import snapshots
from harness.burnin.snapshots import take_snapshots
from harness.cdp.lifecycle import CdpLifecycleManager


def managers(*pss_bytes: int | None) -> list[CdpLifecycleManager]:
    made = [
        SimpleNamespace(process=None if pss is None else SimpleNamespace(pss_bytes=lambda pss=pss: pss))
        for pss in pss_bytes
    ]
    return cast("list[CdpLifecycleManager]", made)


async def first_events(world: Any, browsers: list[CdpLifecycleManager], name: str, count: int = 1) -> list[Any]:
    """Take snapshots until there are `count` events of this name."""
    put, enough = world.sink.put, anyio.Event()

    def put_and_look(channel: Any, line: bytes) -> bool:
        put(channel, line)
        if len(world.events(name)) >= count:
            enough.set()
        return True

    world.sink.put = put_and_look
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take_snapshots, world.telemetry, world.figures, browsers, lambda: 3, 0.005)
        await enough.wait()
        tasks.cancel_scope.cancel()
    events: list[Any] = world.events(name)
    return events


async def test_a_snapshot_tells_what_the_run_and_its_browsers_use(world: Any) -> None:
    world.figures.spins, world.figures.failed, world.figures.unknown = 9, 2, 1
    world.figures.latency_ms.add(100.0)
    (event, *_) = await first_events(world, managers(7_000_000, 2_000_000), "run.snapshot", 2)
    assert (event["busy"], event["spins"], event["failures"]) == (3, 9, 3)
    assert 99 <= event["p95_ms"] <= 101
    assert event["rss_bytes"] > 1_000_000
    assert event["browser_pss_bytes"] == 9_000_000
    assert event["cpu_s"] > 0
    assert event["loop_lag_ms"] >= 0


async def test_a_browser_that_is_gone_or_not_there_counts_nothing(world: Any) -> None:
    (event, *_) = await first_events(world, managers(0, None), "run.snapshot")
    assert event["browser_pss_bytes"] == 0


async def test_a_figure_that_cannot_be_taken_is_told_and_the_next_is_tried(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_pids: object) -> int:
        raise psutil.AccessDenied(1)

    monkeypatch.setattr(snapshots, "_pss_bytes", refused)
    assert len(await first_events(world, managers(), "snapshot.failed", 2)) >= 2
    assert world.events("run.snapshot") == []

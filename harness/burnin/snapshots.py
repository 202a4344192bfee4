"""Periodic figures of a run: what it uses itself, what its browsers use, and how late the event loop is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
import psutil

from harness.cdp.lifecycle import CdpLifecycleManager
from harness.pool.plan import RunFigures
from harness.telemetry.pipeline import Telemetry


def _pss_bytes(managers: Sequence[CdpLifecycleManager]) -> int:
    return sum(manager.process.pss_bytes() for manager in managers if manager.process is not None)


async def take_snapshots(
    telemetry: Telemetry,
    figures: RunFigures,
    managers: Sequence[CdpLifecycleManager],
    busy: Callable[[], int],
    every_s: float,
) -> None:
    """Emit `run.snapshot` each `every_s` until cancelled; drops of the pipeline are told at the same time."""
    me = psutil.Process()
    while True:
        due = anyio.current_time() + every_s
        await anyio.sleep(every_s)
        lag_ms = max(0.0, anyio.current_time() - due) * 1e3
        try:
            browsers = await anyio.to_thread.run_sync(_pss_bytes, managers)
            times = me.cpu_times()
            telemetry.log.info(
                "run.snapshot",
                busy=busy(),
                spins=figures.spins,
                failures=figures.failed + figures.unknown,
                p95_ms=figures.latency_ms.percentile(95) or 0.0,
                rss_bytes=me.memory_info().rss,
                cpu_s=times.user + times.system,
                browser_pss_bytes=browsers,
                loop_lag_ms=lag_ms,
            )
        except (psutil.Error, OSError) as error:
            telemetry.log.warning("snapshot.failed", error=str(error))
        telemetry.tell_drops()

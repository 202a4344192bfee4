"""What the hardening scripts share: a lifecycle manager of a real browser whose events go nowhere, and how they end."""

from __future__ import annotations

import random
import sys

from harness.cdp.finding import find_browser
from harness.cdp.launch import LaunchOptions, TransportKind
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.reconnect import ReconnectPolicy
from harness.runfolder.layout import Channel
from harness.telemetry.pipeline import Telemetry

POLICY = ReconnectPolicy(base_s=0.05, cap_s=0.5, attempts=8, stagger_window_s=0.0, restarts_per_hour=1000)


class CountingSink:
    """Implements `harness.telemetry.sink.Sink` and keeps nothing: what is measured must not grow by being told."""

    def __init__(self) -> None:
        self.lines = 0

    def put(self, channel: Channel, line: bytes) -> bool:  # noqa: ARG002 - the port's
        """Count it."""
        self.lines += 1
        return True

    async def commit(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is kept."""


def manager(
    browser_id: str, transport: TransportKind, *, browser: str | None, seed: int, start_timeout_s: float = 60.0
) -> CdpLifecycleManager:
    """A manager that owns its browser alone. BrowserMissingError when there is none."""
    return CdpLifecycleManager(
        browser_id=browser_id,
        cohort="hardening",
        cohort_index=0,
        cohorts=1,
        launch=LaunchOptions(
            find_browser(browser), no_sandbox=True, start_timeout_s=start_timeout_s, transport=transport
        ),
        policy=POLICY,
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=Telemetry(CountingSink(), run_id="run-hardening").log,
        rng=random.Random(seed),
    )


def fail(code: int, what: str, why: str, do: str) -> int:
    """Say an error in its three lines; returns the exit code."""
    print(f"error: {what}\n  why: {why}\n  do:  {do}", file=sys.stderr)
    return code

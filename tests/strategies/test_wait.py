"""Waiting waits, and ends at once when it is cancelled."""

from __future__ import annotations

import anyio

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from strategies.wait import wait


async def test_it_waits_until_its_time_or_the_steps_deadline(ctx: FakeContext) -> None:
    with anyio.move_on_after(0.01) as deadline:
        await wait.run(ctx, Step("s", "wait", {"duration_s": 3600}))
    assert deadline.cancelled_caught


async def test_no_duration_is_none(ctx: FakeContext) -> None:
    await wait.run(ctx, Step("s", "wait"))

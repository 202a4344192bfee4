from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio
import pytest

from harness.basics.failures import Cause
from harness.coordination.errors import LeaseLostError, LockTimeoutError
from harness.coordination.ownership import Binding
from harness.navigation.cdp_page import CdpPage
from harness.navigation.errors import StepError
from harness.pool.holds import SpinHolds
from harness.testing.fake_page import FakePage


@asynccontextmanager
async def spin(world: Any, page: FakePage, owner: str = "w1", **settings: float) -> AsyncIterator[SpinHolds]:
    """The holds of one spin, ended as a worker does."""
    async with anyio.create_task_group() as tasks:
        holds = SpinHolds(
            coordinator=world.coordinator,
            page=cast("CdpPage", page),
            browser_id="b1",
            binding=lambda reason: Binding(owner, reason, browser_id="b1"),
            on_change=lambda: None,
            tasks=tasks,
            log=world.log,
            **{"wait_s": 60.0, "hold_s": 60.0, **settings},
        )
        try:
            yield holds
        finally:
            with anyio.CancelScope(shield=True):
                await holds.end()
        tasks.cancel_scope.cancel()


CLEARED = ("write_clipboard", "")


async def test_a_held_clipboard_is_cleared_before_it_is_given_back(world: Any) -> None:
    page = FakePage()
    async with spin(world, page) as holds:
        await holds.take("clipboard")
        assert holds.holding("clipboard")
        assert [lease.scope for lease in holds.leases()] == ["clipboard:b1"]
        await holds.give_back("clipboard")
        assert not holds.holding("clipboard")
        assert page.calls == [CLEARED]
    world.assert_clean()


async def test_what_a_spin_still_holds_at_its_end_is_cleared_and_given_back(world: Any) -> None:
    page = FakePage()
    async with spin(world, page) as holds:
        await holds.take("clipboard")
        await holds.take("printer")
    assert page.calls == [CLEARED]
    world.assert_clean()


async def test_a_hold_keeps_others_out_until_it_is_given_back(world: Any) -> None:
    async with spin(world, FakePage()) as first, spin(world, FakePage(), "w2", wait_s=0.01) as second:
        await first.take("clipboard")
        with pytest.raises(LockTimeoutError, match="clipboard:b1"):
            await second.take("clipboard")
        await first.give_back("clipboard")
        await second.take("clipboard")
    world.assert_clean()


async def test_a_hold_ends_at_its_deadline_and_whoever_uses_it_then_is_told(world: Any) -> None:
    page = FakePage()
    async with spin(world, page, hold_s=0.01) as holds:
        await holds.take("clipboard")
        other = await world.coordinator.acquire("clipboard:b1", Binding("w2", "test"), timeout_s=60)
        assert page.calls == [CLEARED]
        with pytest.raises(LeaseLostError, match="not held any more"):
            await holds.give_back("clipboard")
        world.coordinator.release(other)
    world.assert_clean()


async def test_a_deadline_on_a_page_that_cannot_clear_is_told_and_harms_nobody(world: Any) -> None:
    page = FakePage()
    page.answer("write_clipboard", StepError("refused", cause=Cause.CLIPBOARD_REFUSED))
    async with spin(world, page, hold_s=0.01) as holds:
        await holds.take("clipboard")
        world.coordinator.release(await world.coordinator.acquire("clipboard:b1", Binding("w2", "test"), timeout_s=60))
    assert [event["scope_kind"] for event in world.events("hold.not_cleared")] == ["clipboard"]
    world.assert_clean()


async def test_a_hold_that_a_lost_connection_took_is_not_cleared_for_it_may_be_anothers(world: Any) -> None:
    page = FakePage()
    async with spin(world, page) as holds:
        await holds.take("clipboard")
        world.coordinator.revoke_browser("b1", "cut")
        with pytest.raises(LeaseLostError):
            await holds.give_back("clipboard")
    assert page.calls == []
    world.assert_clean()


async def test_a_lost_hold_is_told_at_the_end_of_the_spin(world: Any) -> None:
    async with spin(world, FakePage()) as holds:
        await holds.take("clipboard")
        world.coordinator.revoke_browser("b1", "cut")
    assert "taken back" in world.events("hold.not_cleared")[0]["detail"]
    world.assert_clean()


async def test_a_hold_that_cannot_be_cleared_is_given_back_all_the_same(world: Any) -> None:
    page = FakePage()
    page.answer("write_clipboard", StepError("refused", cause=Cause.CLIPBOARD_REFUSED))
    async with spin(world, page) as holds:
        await holds.take("clipboard")
        with pytest.raises(StepError):
            await holds.give_back("clipboard")
    world.assert_clean()

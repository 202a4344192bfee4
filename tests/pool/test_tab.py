from __future__ import annotations

import asyncio
from typing import Any

import anyio
import pytest

from harness.basics.secret import Secret
from harness.cdp.errors import BrowserFailedError, CommandTimeoutError, ConnectionLostError, ProtocolError
from harness.cdp.states import BrowserState
from harness.coordination.errors import LeaseLostError, LockTimeoutError
from harness.coordination.ownership import Binding
from harness.navigation.context import CredentialValues
from harness.telemetry.correlation import correlated

ALICE = CredentialValues("shop-alice", "shop", "alice", Secret("shop-alice", "a long secret"))


def owned(world: Any) -> list[str]:
    return sorted(scope.partition(":")[0] for scope, _ in world.coordinator.table.owned())


async def test_a_spin_begins_on_a_page_of_its_own_context_under_its_leases(world: Any) -> None:
    tab = world.tab()
    assert not tab.is_open
    with correlated(spin_id="spin-1"):
        await tab.begin(ALICE)
    assert tab.is_open
    assert owned(world) == ["credential", "session"]
    assert {lease.binding.correlation["spin_id"] for lease in tab.leases} == {"spin-1"}
    assert {lease.binding.credential for lease in tab.leases} == {"shop-alice"}
    await tab.page.set_up("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    assert await tab.discard()


async def test_the_next_spin_has_the_same_page_and_session_under_new_leases(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    page, session, old = tab.page, tab.page.session, tab.leases
    tab.release()
    assert owned(world) == []
    await tab.begin(None)
    assert (tab.page, tab.page.session) == (page, session)
    assert tab.leases[0].epoch > old[0].epoch
    await tab.page.set_up("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    assert len(world.events("session.attached")) == 1
    await tab.discard()


async def test_after_a_cut_the_page_is_restored_with_new_leases_and_a_new_session(world: Any) -> None:
    tab = world.tab()
    await tab.begin(ALICE)
    page, old = tab.page, tab.leases
    world.browser.cut()
    with pytest.raises(LeaseLostError):
        world.coordinator.check(old[1].scope, old, "Page.navigate")
    await tab.restore(ALICE)
    assert tab.page is page
    assert owned(world) == ["credential", "session"]
    await tab.page.set_up("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    assert [event["reattached"] for event in world.events("session.attached")] == [False, True]
    await tab.discard()
    world.assert_clean()


async def test_a_spin_after_a_cut_attaches_the_page_anew(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    page = tab.page
    tab.release()
    world.browser.cut()
    await tab.begin(None)
    assert tab.page is page
    assert [event["reattached"] for event in world.events("session.attached")] == [False, True]
    await tab.discard()


async def test_a_page_that_answers_nobody_after_a_cut_gives_way_to_another(world: Any) -> None:
    """Such as one whose dialog is held by the connection that was lost."""
    tab = world.tab()
    await tab.begin(None)
    first = tab.page.target_id
    world.browser.cut()
    world.browser.fail["Page.getFrameTree"] = [
        CommandTimeoutError("it does not answer", method="Page.getFrameTree", may_have_happened=False)
    ]
    await tab.begin(None)
    assert tab.page.target_id != first
    assert len(world.browser.contexts) == 1
    await tab.discard()


async def test_a_page_that_went_with_its_browser_cannot_be_restored(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.restart()
    assert not tab.is_open
    with pytest.raises(ConnectionLostError, match="the page is gone"):
        await tab.restore(None)
    assert await tab.discard()
    assert "Target.disposeBrowserContext" not in world.browser.calls
    world.assert_clean()


async def test_a_spin_after_a_restart_has_a_new_page(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    old = tab.page
    tab.release()
    world.browser.restart()
    await tab.begin(None)
    assert tab.page is not old
    assert await tab.discard()
    world.assert_clean()


async def test_a_credential_that_another_worker_has_is_waited_for_and_none_is_kept_meanwhile(world: Any) -> None:
    tab = world.tab()
    tab._lock_timeout_s = 0.01
    other = await world.coordinator.acquire("credential:shop/alice", Binding("w2", "test"), timeout_s=1)
    with pytest.raises(LockTimeoutError, match="credential:shop/alice"):
        await tab.begin(ALICE)
    assert owned(world) == ["credential"]
    world.coordinator.release(other)
    await tab.discard()
    world.assert_clean()


async def test_discarding_what_is_not_open_is_certain_at_once(world: Any) -> None:
    assert await world.tab().discard()
    assert world.browser.calls == []


async def test_a_context_that_is_gone_already_counts_as_discarded(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.contexts.clear()
    assert await tab.discard()
    world.assert_clean()


async def test_a_page_that_could_not_be_closed_is_not_forgotten(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    slow = CommandTimeoutError("late", method="Target.disposeBrowserContext", may_have_happened=True)
    world.browser.fail["Target.disposeBrowserContext"] = [slow]
    assert not await tab.discard()
    assert owned(world) == []
    assert len(world.browser.contexts) == 1
    assert await tab.discard(), "the next call closes it"
    world.assert_clean()


async def test_a_discard_that_is_cancelled_does_not_claim_afterwards_that_the_page_is_gone(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.hang.add("Target.disposeBrowserContext")
    task = asyncio.create_task(tab.discard())
    await anyio.wait_all_tasks_blocked()
    task.cancel()
    await asyncio.wait([task])
    assert not await tab.discard(wait_s=0.01)
    world.browser.hang.clear()
    assert await tab.discard()
    world.assert_clean()


async def test_a_browser_that_is_gone_for_good_has_no_page_left_to_close(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.die()
    assert await tab.discard()
    with pytest.raises(BrowserFailedError):
        await tab.begin(None)


async def test_a_context_whose_page_could_not_be_made_is_closed(world: Any) -> None:
    tab = world.tab()
    late = CommandTimeoutError("late", method="Target.createTarget", may_have_happened=True)
    world.browser.fail["Target.createTarget"] = [late]
    with pytest.raises(CommandTimeoutError):
        await tab.begin(None)
    assert len(world.browser.contexts) == 1
    assert await tab.discard()
    world.assert_clean()


async def test_events_of_the_page_carry_the_ids_of_the_spin_that_uses_it_now(world: Any) -> None:
    tab = world.tab()
    with correlated(spin_id="spin-1"):
        await tab.begin(None)
    tab.release()
    with correlated(spin_id="spin-2"):
        await tab.begin(None)
        tab.follow()
    assert tab.page.session.correlation["spin_id"] == "spin-2"
    await tab.discard()


async def test_a_page_whose_connection_is_lost_again_while_it_is_restored_is_restored_once_more(world: Any) -> None:
    tab = world.tab()
    await tab.begin(ALICE)
    page = tab.page
    world.browser.cut()
    lost_again = ConnectionLostError("lost", method="Page.enable", may_have_happened=False, why="cut")
    world.browser.fail["Page.enable"] = [lost_again, lost_again]
    await tab.restore(ALICE)
    assert tab.page is page
    world.browser.fail["Page.enable"] = [lost_again] * 3
    with pytest.raises(ConnectionLostError):
        await tab.restore(ALICE)
    await tab.discard()
    world.assert_clean()


async def test_a_page_whose_discarding_is_cut_is_discarded_over_the_next_connection(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    lost = ConnectionLostError("lost", method="Target.disposeBrowserContext", may_have_happened=True, why="cut")
    world.browser.fail["Target.disposeBrowserContext"] = [lost]
    assert await tab.discard()
    assert world.browser.contexts == set()


async def test_a_page_in_a_browser_elsewhere_that_is_out_of_reach_may_still_be_at_work(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.is_launched = False
    world.browser.state = BrowserState.FAILED
    assert not await tab.discard()
    world.browser.state = BrowserState.HEALTHY
    assert await tab.discard(), "it is tried again, and the browser is there again"
    assert world.browser.contexts == set()


async def test_a_browser_elsewhere_that_was_given_up_and_found_again_still_has_the_page(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    page = tab.page
    world.browser.devtools_id = tab._life = "its DevTools id"
    world.browser.is_launched = False
    contexts = set(world.browser.contexts)
    world.browser.restart()
    world.browser.contexts |= contexts
    await tab.restore(None)
    assert tab.page is page
    assert await tab.discard()
    assert world.browser.contexts == set()


async def test_a_browser_that_is_restarted_while_its_page_is_restored_is_told_as_that(world: Any) -> None:
    tab = world.tab()
    await tab.begin(None)
    world.browser.cut()

    async def restart(target_id: str) -> Any:
        world.browser.restart()
        raise ProtocolError("Target.attachToTarget", -32602, "No target with given id found")

    world.browser.connection.attach = restart
    with pytest.raises(ConnectionLostError, match="its browser was restarted"):
        await tab.restore(None)
    await tab.discard()

from __future__ import annotations

import asyncio

import pytest

from harness.cdp.errors import ConnectionLostError
from harness.cdp.session import Journal


def test_the_journal_keeps_the_order_and_a_later_set_up_takes_the_earlier_ones_place() -> None:
    journal = Journal()
    journal.note("Page.enable", {})
    journal.note("Emulation.setDeviceMetricsOverride", {"width": 800})
    journal.note("Page.addScriptToEvaluateOnNewDocument", {"source": "1"}, "one")
    journal.note("Page.addScriptToEvaluateOnNewDocument", {"source": "2"}, "two")
    journal.note("Emulation.setDeviceMetricsOverride", {"width": 1280})
    assert list(journal) == [
        ("Page.enable", {}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": "1"}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": "2"}),
        ("Emulation.setDeviceMetricsOverride", {"width": 1280}),
    ]


def test_the_journal_may_grow_while_it_is_applied() -> None:
    journal = Journal()
    journal.note("Page.enable", {})
    for method, _ in journal:
        journal.note(f"{method}.again", {})
    assert len(list(journal)) == 2


async def test_a_slow_subscriber_loses_the_oldest_events_and_knows_how_many(rig) -> None:
    session = await rig.session()
    with session.stream("Network.dataReceived", limit=3) as stream:
        for number in range(10):
            rig.browser.event("Network.dataReceived", {"n": number}, "S1")
        await rig.settle()
        assert stream.dropped == 7
        rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
        await rig.settle()
        assert [params["n"] async for _, params in stream] == [7, 8, 9]


async def test_a_stream_gives_several_kinds_of_events_in_order_and_hears_nothing_after_its_block(rig) -> None:
    session = await rig.session()
    with session.stream("Page.frameNavigated", "Page.loadEventFired") as stream:
        taking = aiter(stream)
        rig.browser.event("Page.frameNavigated", {"n": 1}, "S1")
        rig.browser.event("Page.loadEventFired", {"n": 2}, "S1")
        assert [await anext(taking), await anext(taking)] == [
            ("Page.frameNavigated", {"n": 1}),
            ("Page.loadEventFired", {"n": 2}),
        ]
        await taking.aclose()
    rig.browser.event("Page.loadEventFired", {}, "S1")
    await rig.settle()
    assert rig.connection.unheard_events == 1


async def test_a_stream_on_a_session_that_has_ended_ends_at_once(rig) -> None:
    session = await rig.session()
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    await rig.settle()
    with session.stream("Page.loadEventFired") as stream:
        assert [event async for event in stream] == []


async def test_an_expected_event_is_caught_although_it_comes_before_it_is_awaited(rig) -> None:
    session = await rig.session()
    with session.expect("Page.lifecycleEvent", lambda params: params["name"] == "load") as loaded:
        rig.browser.event("Page.lifecycleEvent", {"name": "init"}, "S1")
        rig.browser.event("Page.lifecycleEvent", {"name": "load", "n": 1}, "S1")
        rig.browser.event("Page.lifecycleEvent", {"name": "load", "n": 2}, "S1")
        await rig.settle()
        assert await loaded == {"name": "load", "n": 1}
    assert session.events.listeners("Page.lifecycleEvent") == []


async def test_an_expectation_that_is_left_alone_leaves_nothing_behind(rig) -> None:
    session = await rig.session()
    with session.expect("Page.loadEventFired") as loaded:
        pass
    assert loaded.cancelled()
    with session.expect("Page.loadEventFired"):
        rig.connection.abort()
        await rig.connection.ended.wait()
    assert session.events.listeners("Page.loadEventFired") == []


async def test_an_event_expected_of_a_session_that_has_ended_fails_at_once(rig) -> None:
    session = await rig.session()
    rig.connection.abort()
    await rig.connection.ended.wait()
    with session.expect("Page.loadEventFired") as loaded, pytest.raises(ConnectionLostError):
        await asyncio.wait_for(loaded, 0)


async def test_two_handlers_of_one_event_are_both_called_and_one_can_leave(rig) -> None:
    session, seen = await rig.session(), []

    def one(params) -> None:
        seen.append(("one", params["n"]))
        session.off("Page.loadEventFired", one)

    session.on("Page.loadEventFired", one)
    session.on("Page.loadEventFired", lambda params: seen.append(("other", params["n"])))
    rig.browser.event("Page.loadEventFired", {"n": 1}, "S1")
    rig.browser.event("Page.loadEventFired", {"n": 2}, "S1")
    await rig.settle()
    assert seen == [("one", 1), ("other", 1), ("other", 2)]

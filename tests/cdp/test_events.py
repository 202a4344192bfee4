from __future__ import annotations

import asyncio

import pytest

from harness.cdp.errors import ConnectionLostError, SessionDetachedError


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
    assert not session.hears("Page.lifecycleEvent")


async def test_an_expectation_that_is_left_alone_leaves_nothing_behind(rig) -> None:
    session = await rig.session()
    with session.expect("Page.loadEventFired") as loaded:
        pass
    assert loaded.cancelled()
    with session.expect("Page.loadEventFired"):
        rig.connection.abort()
        await rig.connection.ended.wait()
    assert not session.hears("Page.loadEventFired")


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


async def test_a_stream_may_drop_the_newest_instead(rig) -> None:
    session = await rig.session()
    with session.stream("Network.dataReceived", limit=2, drop="newest") as stream:
        for number in range(5):
            rig.browser.event("Network.dataReceived", {"n": number}, "S1")
        await rig.settle()
        assert (stream.dropped, session.buffered) == (3, 2)
        rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
        await rig.settle()
        assert [params["n"] async for _, params in stream] == [0, 1]
    assert session.buffered == 0


async def test_an_awaited_event_is_there_at_the_end_of_its_block(rig) -> None:
    session = await rig.session()
    async with session.expect("Page.loadEventFired") as loaded:
        rig.browser.event("Page.loadEventFired", {"n": 1}, "S1")
    assert loaded.result() == {"n": 1}
    with pytest.raises(TimeoutError, match=r"no Page\.loadEventFired within 0\.01 s"):
        async with session.expect("Page.loadEventFired", timeout_s=0.01):
            pass
    with pytest.raises(SessionDetachedError):
        async with session.expect("Page.loadEventFired"):
            rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    assert not session.hears("Page.loadEventFired")


async def test_several_handlers_hear_one_event_and_each_is_taken_off_alone(rig) -> None:
    session, heard = await rig.session(), []
    first, second = (lambda params: heard.append(("first", params))), (lambda params: heard.append(("second", params)))
    session.on("Page.loadEventFired", first)
    session.on("Page.loadEventFired", second)
    rig.browser.event("Page.loadEventFired", {}, "S1")
    await rig.settle()
    session.off("Page.loadEventFired", first)
    rig.browser.event("Page.loadEventFired", {}, "S1")
    await rig.settle()
    assert [name for name, _ in heard] == ["first", "second", "second"]


async def test_a_slow_coroutine_holds_nobody_up_and_loses_what_its_buffer_does_not_hold(rig) -> None:
    session, seen, go_on = await rig.session(), [], asyncio.Event()

    async def slow(params) -> None:
        seen.append(params["n"])
        await go_on.wait()

    serving = asyncio.create_task(session.serve("Network.dataReceived", slow, limit=2))
    await asyncio.sleep(0)
    rig.browser.event("Network.dataReceived", {"n": 0}, "S1")
    await rig.settle()
    for number in range(1, 6):
        rig.browser.event("Network.dataReceived", {"n": number}, "S1")
    await rig.settle()
    go_on.set()
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    assert await serving == 3
    assert seen == [0, 4, 5]


async def test_the_browsers_own_events_have_listeners_too(rig) -> None:
    async with rig.connection.events.expect("Target.targetCreated") as created:
        rig.browser.event("Target.targetCreated", {"targetInfo": {"openerId": "T1"}})
    assert created.result()["targetInfo"]["openerId"] == "T1"
    rig.connection.abort()
    await rig.connection.ended.wait()
    with pytest.raises(ConnectionLostError):
        async with rig.connection.events.expect("Target.targetCreated"):
            pass


async def test_it_knows_how_many_subscribe(rig) -> None:
    session = await rig.session()
    session.on("Page.frameNavigated", print)
    with session.stream("Page.frameNavigated", "Page.loadEventFired"), session.expect("Page.loadEventFired"):
        assert session.subscribers == 4
    assert session.subscribers == 1

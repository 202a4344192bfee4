from __future__ import annotations

import asyncio

import pytest

from harness.basics.errors import OperationError
from harness.cdp.connection import Connection
from harness.cdp.errors import (
    CommandTimeoutError,
    ConnectionLostError,
    ProtocolError,
    SessionDetachedError,
    TargetCrashedError,
)
from harness.cdp.observing import CommandMetrics
from harness.telemetry.correlation import correlated, current_correlation
from harness.testing.fake_transport import FakeTransport


def _start(call):
    return asyncio.create_task(call, name="caller")


async def _sent(rig, count: int) -> None:
    """Return when so many commands were sent."""
    while len(rig.browser.sent) < count:
        await asyncio.sleep(0)


# --- commands


async def test_a_command_returns_its_decoded_result_and_is_timed(rig) -> None:
    assert await rig.connection.call("Browser.getVersion") == {"product": "Fake/1"}
    (event,) = rig.events.all("command.completed")
    assert (event["fields"]["method"], event["fields"]["outcome"]) == ("Browser.getVersion", "ok")
    assert event["command_id"] == "b1.1.1"


async def test_replies_reach_their_callers_in_any_order(rig) -> None:
    calls = [_start(rig.connection.call("X.y", {"n": n})) for n in range(3)]
    await _sent(rig, 3)
    for command in reversed(rig.browser.sent):
        rig.browser.reply(command, {"n": command["params"]["n"]})
    assert await asyncio.gather(*calls) == [{"n": 0}, {"n": 1}, {"n": 2}]


async def test_a_refused_command_raises_what_the_browser_said(rig) -> None:
    call = _start(rig.connection.call("Target.closeTarget", {"targetId": "T9"}))
    rig.browser.refuse(await rig.browser.command("Target.closeTarget"), "No target with given id found", -32602)
    with pytest.raises(ProtocolError, match="No target with given id found"):
        await call
    assert rig.events.all("command.completed")[0]["fields"]["outcome"] == "protocol_error"


async def test_a_command_given_up_leaves_nothing_pending_and_its_late_reply_is_counted(rig) -> None:
    with pytest.raises(CommandTimeoutError, match=r"X\.y was not answered within 0.01 s") as caught:
        await rig.connection.call("X.y", timeout_s=0.01)
    assert caught.value.may_have_happened
    assert not rig.connection.protocol.pending
    rig.browser.reply(rig.browser.sent[0])
    await rig.settle()
    assert rig.connection.protocol.late_replies == 1


async def test_a_cancelled_command_leaves_nothing_pending_and_is_told_as_cancelled(rig) -> None:
    call = _start(rig.connection.call("X.y"))
    command = await rig.browser.command("X.y")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not rig.connection.protocol.pending
    assert rig.events.all("command.completed")[0]["fields"]["outcome"] == "cancelled"
    rig.browser.reply(command)
    await rig.settle()
    assert rig.connection.protocol.late_replies == 1


async def test_a_command_that_the_browser_does_not_take_times_out_and_cannot_have_happened(rig) -> None:
    rig.browser.block()
    with pytest.raises(CommandTimeoutError, match="was not sent") as caught:
        await rig.connection.call("X.y", timeout_s=0.01)
    assert not caught.value.may_have_happened
    assert not rig.connection.protocol.pending
    rig.browser.unblock()
    await rig.settle()
    assert [command["method"] for command in rig.browser.sent] == ["Browser.getVersion"]


async def test_commands_of_one_loop_turn_go_out_together(rig) -> None:
    rig.browser.answers["X.y"] = {}
    await asyncio.gather(*(_start(rig.connection.call("X.y", {"n": n})) for n in range(5)))
    assert rig.browser.batches == [5]
    assert [command["params"]["n"] for command in rig.browser.sent] == [0, 1, 2, 3, 4]


async def test_a_command_given_up_before_its_turn_is_never_sent(rig) -> None:
    rig.browser.block()
    call = _start(rig.connection.call("X.y"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    rig.browser.unblock()
    await rig.settle()
    assert [command["method"] for command in rig.browser.sent] == ["Browser.getVersion"]
    assert rig.connection.protocol.late_replies == 0


async def test_of_several_deadlines_each_fails_at_its_own_time(rig) -> None:
    calls = [_start(rig.connection.call("X.y", timeout_s=timeout_s)) for timeout_s in (30, 0.02, 0.01)]
    done, waiting = await asyncio.wait(calls[1:])
    assert not waiting
    assert {str(call.exception()).partition(" within ")[2][:6] for call in done} == {"0.02 s", "0.01 s"}
    assert not calls[0].done()
    rig.browser.reply(rig.browser.sent[0])
    assert await calls[0] == {}


async def test_a_session_that_the_browser_does_not_know_has_ended(rig) -> None:
    session = await rig.session()
    call, beside = _start(session.call("Page.getFrameTree")), _start(session.call("Page.getLayoutMetrics"))
    rig.browser.refuse(await rig.browser.command("Page.getFrameTree"), "Session with given id not found.", -32001)
    for waiting in (call, beside):
        with pytest.raises(SessionDetachedError) as caught:
            await waiting
        assert not caught.value.may_have_happened
    with pytest.raises(SessionDetachedError, match="was not sent"):
        await session.call("Page.getFrameTree")
    assert rig.connection.sessions == {}
    assert len(rig.events.all("session.lost")) == 1


async def test_a_lost_read_did_nothing_and_a_lost_write_may_have(rig) -> None:
    session = await rig.session()
    read = {"expression": "1", "throwOnSideEffect": True}
    calls = {
        "read": _start(session.call("Runtime.evaluate", read)),
        "write": _start(session.writer(["lease"]).call("Runtime.evaluate", {"expression": "2"})),
        "repeatable": _start(session.writer(["lease"]).call("Runtime.evaluate", {}, repeatable=True)),
    }
    await _sent(rig, 4)
    rig.browser.end("the network went away")
    may_have_happened = {}
    for name, call in calls.items():
        with pytest.raises(ConnectionLostError, match="the network went away") as caught:
            await call
        may_have_happened[name] = caught.value.may_have_happened
    assert may_have_happened == {"read": False, "write": True, "repeatable": False}


async def test_a_write_that_was_handed_over_is_unknown_and_one_that_still_waited_is_not(rig) -> None:
    sent = _start(rig.connection.call("Page.navigate"))
    await _sent(rig, 1)
    rig.browser.block()
    kept = _start(rig.connection.call("Page.reload"))
    await asyncio.sleep(0)
    rig.browser.end("cut")
    for call, may_have_happened in ((sent, True), (kept, False)):
        with pytest.raises(ConnectionLostError) as caught:
            await call
        assert caught.value.may_have_happened is may_have_happened


async def test_a_reply_that_cannot_be_read_fails_its_command_alone(rig) -> None:
    call = _start(rig.connection.call("X.y"))
    await rig.browser.command("X.y")
    rig.browser.feed(b'{"id":1,"result":{"text":"\xff"}}')
    with pytest.raises(ProtocolError, match="cannot be read") as caught:
        await call
    assert caught.value.may_have_happened
    await rig.settle()


# --- the fence


async def test_the_fence_is_asked_before_a_byte_of_a_write_is_sent(rig) -> None:
    session = await rig.session()
    sent = len(rig.browser.sent)
    with pytest.raises(OperationError, match=r"Page\.navigate without a lease"):
        await session.call("Page.navigate", {"url": "about:blank"})
    assert len(rig.browser.sent) == sent
    assert not rig.connection.protocol.pending
    assert rig.fence.asked == [("session:T1", "Page.navigate")]


async def test_a_read_needs_no_lease_and_a_writers_lease_reaches_the_fence(rig) -> None:
    session = await rig.session()
    rig.browser.answers.update({"Page.getFrameTree": {"frameTree": {}}, "Page.navigate": {"frameId": "F"}})
    assert await session.call("Page.getFrameTree") == {"frameTree": {}}
    assert rig.fence.asked == []
    assert await session.writer(["lease"]).call("Page.navigate", {"url": "about:blank"}) == {"frameId": "F"}
    assert rig.browser.sent[-1]["sessionId"] == "S1"


async def test_a_sender_that_had_to_wait_asks_the_fence_when_its_turn_comes(rig) -> None:
    session = await rig.session()
    rig.browser.block()
    leases = ["lease"]
    waiting = _start(rig.connection.call("Page.navigate", session=session, guards=leases))
    await asyncio.sleep(0)
    assert rig.fence.asked == []
    leases.clear()
    rig.browser.unblock()
    with pytest.raises(OperationError, match="without a lease"):
        await waiting
    assert not [command for command in rig.browser.sent if command["method"] == "Page.navigate"]
    assert [scope for scope, _ in rig.fence.asked] == ["session:T1"]
    outcomes = {event["fields"]["method"]: event["fields"]["outcome"] for event in rig.events.all("command.completed")}
    assert outcomes["Page.navigate"] == "operation_failed"


async def test_a_lease_taken_back_in_the_same_loop_turn_stops_what_was_queued_under_it(rig) -> None:
    session = await rig.session()
    rig.browser.answers["Page.navigate"] = {}
    leases = ["lease"]
    calls = [_start(rig.connection.call("Page.navigate", session=session, guards=leases)) for _ in range(3)]
    asyncio.get_running_loop().call_soon(leases.clear)  # after the calls, before the end of their turn
    for call in calls:
        with pytest.raises(OperationError, match="without a lease"):
            await call
    assert "Page.navigate" not in [command["method"] for command in rig.browser.sent]


async def test_what_the_fence_tells_carries_the_waiting_senders_ids(rig) -> None:
    session = await rig.session()
    told = []
    rig.fence.check = lambda *_: told.append(current_correlation().get("spin_id"))
    rig.browser.answers["Page.navigate"] = {}
    rig.browser.block()

    async def send(spin_id: str) -> None:
        with correlated(spin_id=spin_id):
            await session.writer(["lease"]).call("Page.navigate")

    calls = [_start(send("spin-1")), _start(send("spin-2"))]
    await asyncio.sleep(0)
    rig.browser.unblock()
    await asyncio.gather(*calls)
    assert told == ["spin-1", "spin-2"]


async def test_a_waiting_sender_whose_connection_ends_is_lost_and_not_refused(rig) -> None:
    session = await rig.session()
    rig.browser.block()
    leases = ["lease"]
    rig.connection._on_lost = lambda _reason: leases.clear()
    calls = [_start(rig.connection.call("Page.navigate", session=session, guards=leases)) for _ in range(2)]
    await asyncio.sleep(0)
    rig.browser.end("cut")
    await rig.connection.ended.wait()
    rig.browser.unblock()
    for call in calls:
        with pytest.raises(ConnectionLostError):
            await call
    assert rig.fence.asked == []


# --- events


async def test_an_event_reaches_the_session_it_is_for(rig) -> None:
    one, other, seen = await rig.session(1), await rig.session(2), []
    one.on("Page.frameNavigated", lambda params: seen.append(("one", params)))
    other.on("Page.frameNavigated", lambda params: seen.append(("other", params)))
    rig.browser.event("Page.frameNavigated", {"n": 1}, "S2")
    await rig.settle()
    assert seen == [("other", {"n": 1})]


async def test_traffic_that_nobody_knows_is_counted_and_never_fatal(rig) -> None:
    session = await rig.session()
    session.on("Page.frameNavigated", lambda _: pytest.fail("these params are no object"))
    rig.browser.event("Target.targetCreated", {})
    rig.browser.event("Page.loadEventFired", {}, "S1")
    rig.browser.event("Page.loadEventFired", {}, "S99")
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S99"})
    rig.browser.feed(b"not JSON")
    rig.browser.feed(b'{"method":"Target.detachedFromTarget","params":7}')
    rig.browser.feed(b'{"method":"Page.frameNavigated","params":{"a":"\xff"},"sessionId":"S1"}')
    rig.browser.event("Page.frameNavigated", [1], "S1")
    rig.browser.feed(b'{"id":4711,"result":{}}')
    await rig.settle()
    connection = rig.connection
    assert (connection.unheard_events, connection.unknown_sessions) == (2, 2)
    assert (connection.protocol.malformed, connection.protocol.late_replies) == (4, 1)
    assert connection.lost_reason is None


async def test_a_handler_that_sends_a_command_does_not_wait_for_itself(rig) -> None:
    session = await rig.session()
    rig.browser.answers["Page.handleJavaScriptDialog"] = {}
    calls = []

    def answer(_params) -> None:
        writer = session.writer(["lease"])
        calls.append(_start(writer.call("Page.handleJavaScriptDialog", {"accept": True})))

    session.on("Page.javascriptDialogOpening", answer)
    rig.browser.event("Page.javascriptDialogOpening", {"type": "alert"}, "S1")
    await rig.browser.command("Page.handleJavaScriptDialog")
    assert await asyncio.gather(*calls) == [{}]


async def test_a_handler_that_raises_ends_its_own_session_alone(rig) -> None:
    broken, sound = await rig.session(1), await rig.session(2)
    broken.on("Page.frameNavigated", lambda params: params["frame"])
    waiting = _start(broken.call("Page.getFrameTree"))
    await rig.browser.command("Page.getFrameTree")
    for _ in range(2):
        rig.browser.event("Page.frameNavigated", {}, "S1")
    with pytest.raises(SessionDetachedError, match=r"a handler of Page\.frameNavigated raised KeyError\('frame'\)"):
        await waiting
    await rig.settle()
    (told,) = rig.events.all("session.lost")
    assert (told["fields"]["session_id"], told["fields"]["cause"]) == ("S1", "handler_failed")
    assert sound.make_error is None
    assert rig.connection.lost_reason is None


# --- the end of a session


async def test_a_detached_session_fails_what_waits_and_what_comes_later(rig) -> None:
    session, other = await rig.session(1), await rig.session(2)
    session.correlation = {"worker_id": "w1"}
    waiting = _start(session.call("Page.getFrameTree"))
    beside = _start(other.call("Page.getLayoutMetrics"))
    command = await rig.browser.command("Page.getLayoutMetrics")
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    with pytest.raises(SessionDetachedError, match="its target was closed or detached"):
        await waiting
    with pytest.raises(SessionDetachedError, match="was not sent"):
        await session.call("Page.getFrameTree")
    (told,) = rig.events.all("session.lost")
    assert (told["fields"]["target_id"], told["worker_id"]) == ("T1", "w1")
    rig.browser.reply(command, {"ok": 1})
    assert await beside == {"ok": 1}


async def test_a_crashed_renderer_fails_what_waits_and_what_comes_later_at_once(rig) -> None:
    session = await rig.session()
    writer = session.writer(["lease"])
    waiting = _start(writer.call("Runtime.evaluate", {"expression": "while(true);"}))
    await rig.browser.command("Runtime.evaluate")
    rig.browser.event("Inspector.targetCrashed", {}, "S1")
    with pytest.raises(TargetCrashedError) as caught:
        await waiting
    assert caught.value.may_have_happened
    sent = len(rig.browser.sent)
    with pytest.raises(TargetCrashedError, match="was not sent") as caught:
        await writer.call("Runtime.evaluate", {"expression": "1"})
    assert not caught.value.may_have_happened
    assert len(rig.browser.sent) == sent
    (told,) = rig.events.all("session.lost")
    assert told["fields"]["cause"] == "renderer_crashed"


async def test_how_a_renderer_ended_is_told_whatever_the_browser_says_of_it(rig) -> None:
    await rig.session()
    for more in ({"status": "killed", "errorCode": 9}, {"status": None, "errorCode": "nine"}):
        rig.browser.event("Target.targetCrashed", {"targetId": "T1", **more})
    await rig.settle()
    told = [(event["fields"]["status"], event["fields"]["error_code"]) for event in rig.events.all("target.crashed")]
    assert told == [("killed", 9), ("None", 0)]
    assert rig.connection.lost_reason is None
    assert len(rig.events.all("session.lost")) == 1


async def test_a_navigation_brings_a_crashed_session_back(rig) -> None:
    session = await rig.session()
    writer = session.writer(["lease"])
    rig.browser.event("Inspector.targetCrashed", {}, "S1")
    await rig.settle()
    navigation = _start(writer.call("Page.navigate", {"url": "about:blank"}))
    command = await rig.browser.command("Page.navigate")
    rig.browser.event("Inspector.targetReloadedAfterCrash", {}, "S1")
    rig.browser.reply(command, {"frameId": "F"})
    await navigation
    rig.browser.answers["Page.getFrameTree"] = {"frameTree": {}}
    assert await session.call("Page.getFrameTree") == {"frameTree": {}}


async def test_a_session_detached_on_purpose_is_no_loss_and_is_over_for_everyone(rig) -> None:
    session = await rig.session()
    with session.expect("Page.loadEventFired") as loaded:
        detach = _start(rig.connection.detach(session))
        command = await rig.browser.command("Target.detachFromTarget")
        assert command["params"] == {"sessionId": "S1"}
        rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
        rig.browser.reply(command)
        await detach
        with pytest.raises(SessionDetachedError):
            await loaded
    assert rig.events.all("session.lost") == []
    assert rig.connection.unknown_sessions == 0
    assert rig.connection.sessions == {}


async def test_a_session_whose_detaching_fails_is_over_all_the_same(rig) -> None:
    session = await rig.session()
    with session.expect("Page.loadEventFired") as loaded:
        detach = _start(rig.connection.detach(session))
        rig.browser.refuse(await rig.browser.command("Target.detachFromTarget"), "No session with given id", -32602)
        with pytest.raises(ProtocolError):
            await detach
        with pytest.raises(SessionDetachedError):
            await loaded
    assert rig.connection.sessions == {}


async def test_a_target_that_closes_while_it_is_attached_leaves_no_dead_session(rig) -> None:
    attach = _start(rig.connection.attach("T1"))
    rig.browser.reply(await rig.browser.command("Target.attachToTarget"), {"sessionId": "S1"})
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    with pytest.raises(SessionDetachedError):
        await attach
    assert rig.connection.sessions == {}


async def test_a_target_that_crashes_while_it_is_attached_is_known_to_have_crashed(rig) -> None:
    rig.browser.event("Target.targetCrashed", {"targetId": "T1", "status": "killed", "errorCode": 9})
    await rig.settle()
    attach = _start(rig.connection.attach("T1"))
    rig.browser.reply(await rig.browser.command("Target.attachToTarget"), {"sessionId": "S1"})
    session = await attach
    assert not session.crashed, "an earlier crash is not this session's"
    attach = _start(rig.connection.attach("T1"))
    command = await rig.browser.command("Target.attachToTarget", after=len(rig.browser.sent))
    rig.connection.sessions.clear()
    rig.browser.reply(command, {"sessionId": "S2"})
    rig.browser.event("Target.targetCrashed", {"targetId": "T1", "status": "killed", "errorCode": 9})
    session = await attach
    with pytest.raises(TargetCrashedError, match="was not sent"):
        await session.call("Page.getFrameTree")


async def test_a_handler_of_the_browsers_own_events_that_raises_is_told_and_ends_nothing(rig) -> None:
    rig.connection.events.on("Target.targetCreated", lambda params: params["missing"])
    rig.browser.event("Target.targetCreated", {})
    await rig.settle()
    (told,) = rig.events.all("cdp.defect")
    assert "a handler of Target.targetCreated raised KeyError('missing')" in told["fields"]["detail"]
    assert rig.connection.lost_reason is None


# --- the end of the connection


async def test_when_the_connection_ends_on_lost_comes_first_and_every_waiter_gets_the_one_cause(rig) -> None:
    session = await rig.session()
    order: list[str] = []
    rig.connection._on_lost = lambda reason: order.append(f"on_lost: {reason}")

    async def wait(name: str, awaitable) -> BaseException:
        try:
            return await awaitable
        except ConnectionLostError as error:
            order.append(name)
            return error

    with session.expect("Page.loadEventFired") as loaded:
        waiting = [
            _start(wait("command", rig.connection.call("X.y"))),
            _start(wait("command of a session", session.call("Page.getFrameTree"))),
            _start(wait("event", loaded)),
        ]
        await rig.browser.command("Page.getFrameTree")
        rig.browser.end("no close frame received")
        errors = await asyncio.gather(*waiting)
    assert order[0] == "on_lost: no close frame received"
    assert set(order[1:]) == {"command", "command of a session", "event"}
    assert {error.why for error in errors} == {"no close frame received"}
    assert rig.connection.ended.is_set()
    with pytest.raises(ConnectionLostError, match="was not sent"):
        await session.call("Page.getFrameTree")
    with pytest.raises(ConnectionLostError, match="no close frame received"):
        await rig.connection.call("Browser.getVersion")
    (told,) = rig.events.all("cdp.connection_lost")
    assert (told["fields"]["pending"], told["fields"]["detail"]) == (2, "no close frame received")


async def test_a_connection_closed_on_purpose_fails_its_waiters_but_is_no_loss(rig) -> None:
    call = _start(rig.connection.call("X.y"))
    await rig.browser.command("X.y")
    await rig.connection.close()
    with pytest.raises(ConnectionLostError):
        await call
    assert rig.browser.closed_in_order
    assert rig.lost == ["closed in order"]
    assert rig.events.all("cdp.connection_lost") == []
    with pytest.raises(ConnectionLostError):
        await rig.connection.call("X.y")


async def test_a_cut_is_a_loss(rig) -> None:
    rig.connection.abort()
    await rig.connection.ended.wait()
    assert rig.lost == ["cut"]
    assert len(rig.events.all("cdp.connection_lost")) == 1


async def test_cancelling_the_reader_frees_the_waiters_and_cuts_the_transport(events) -> None:
    browser = FakeTransport()
    lost: list[str] = []
    connection = Connection(
        browser,
        browser_id="b1",
        cohort="c1",
        generation=1,
        fence=None,
        log=events.log,
        on_lost=lost.append,
        observe=CommandMetrics(),
    )
    reader = asyncio.create_task(connection.run())
    call = _start(connection.call("X.y"))
    await browser.command("X.y")
    reader.cancel()
    with pytest.raises(ConnectionLostError, match="the reader was stopped"):
        await call
    await asyncio.wait([reader])
    assert reader.cancelled()
    assert browser.aborted
    assert lost == ["the reader was stopped"]


async def test_waiters_are_freed_even_where_on_lost_fails(events) -> None:
    def fail(_reason: str) -> None:
        raise RuntimeError("a defect above")

    browser = FakeTransport()
    connection = Connection(
        browser,
        browser_id="b1",
        cohort="c1",
        generation=1,
        fence=None,
        log=events.log,
        on_lost=fail,
        observe=CommandMetrics(),
    )
    reader = asyncio.create_task(connection.run())
    call = _start(connection.call("X.y"))
    await browser.command("X.y")
    browser.end("cut")
    with pytest.raises(ConnectionLostError):
        await call
    with pytest.raises(RuntimeError, match="a defect above"):
        await reader
    assert connection.ended.is_set()

"""Traffic and fences that no browser and no house of ours should make: what they hit is one command, not the connection."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from harness.cdp.errors import ProtocolError, SessionDetachedError
from harness.cdp.in_flight import InFlight
from harness.cdp.session import Session

DEEP = b'{"a":' * 20_000 + b"0" + b"}" * 20_000


async def test_a_frame_that_is_nested_too_deeply_is_counted_and_passed_over(rig) -> None:
    session = await rig.session()
    session.on("Page.frameNavigated", lambda _: pytest.fail("these params cannot be read"))
    rig.browser.feed(b'{"method":"Page.frameNavigated","params":' + DEEP + b',"sessionId":"S1"}')
    rig.browser.feed(b'{"id":4711,"result":' + DEEP + b"}")
    await rig.settle()
    assert rig.connection.protocol.malformed == 2
    assert rig.connection.lost_reason is None


@pytest.mark.parametrize("session_id", [["S1"], {"a": 1}, None, 7])
async def test_the_end_of_a_session_without_a_proper_id_ends_none(rig, session_id: object) -> None:
    session = await rig.session()
    rig.browser.event("Target.detachedFromTarget", {"sessionId": session_id})
    await rig.settle()
    assert rig.connection.unknown_sessions == 1
    assert session.make_error is None
    assert rig.connection.lost_reason is None


@pytest.mark.parametrize("result", [{"x": 1}, {"sessionId": 7}, "S1"])
async def test_an_attachment_without_a_session_id_is_an_error_of_the_protocol(rig, result: object) -> None:
    rig.browser.answers["Target.attachToTarget"] = result
    with pytest.raises(ProtocolError, match="cannot be read"):
        await rig.connection.attach("T1")
    assert rig.connection.sessions == {}


async def test_nothing_that_the_transport_had_read_is_routed_after_the_end(rig) -> None:
    heard: list[Any] = []
    rig.connection.events.on("Target.targetCreated", heard.append)
    rig.connection.end("cut")
    rig.connection.receive(b'{"method":"Target.targetCreated","params":{}}')
    rig.connection.receive(b"not JSON")
    assert heard == []
    assert rig.connection.protocol.malformed == 0


async def test_a_fence_that_fails_is_told_to_its_sender_alone_and_lets_nothing_pass(rig) -> None:
    session = await rig.session()

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a defect of the fence")

    rig.fence.check = fail
    calls = [
        asyncio.create_task(_navigate(session)) for _ in range(3)
    ]  # the first is asked at once, the others in a batch
    rig.browser.answers["Page.getFrameTree"] = {"frameTree": {}}
    beside = asyncio.create_task(session.call("Page.getFrameTree"))
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, ZeroDivisionError)
    assert await beside == {"frameTree": {}}
    assert "Page.navigate" not in {command["method"] for command in rig.browser.sent}
    assert not rig.connection.protocol.pending


async def _navigate(session: Session) -> Any:
    return await session.writer(["lease"]).call("Page.navigate", {"url": "about:blank"})


async def test_a_command_given_up_while_the_browser_does_not_read_is_not_kept_either(rig) -> None:
    session = await rig.session()
    rig.browser.block()
    calls = [asyncio.create_task(session.call("Page.getFrameTree")) for _ in range(3)]
    await asyncio.sleep(0)
    assert rig.connection.unsent == 3
    calls[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await calls[0]
    assert rig.connection.unsent == 2
    rig.browser.event("Target.detachedFromTarget", {"sessionId": "S1"})
    for call in calls[1:]:
        with pytest.raises(SessionDetachedError) as caught:
            await call
        assert not caught.value.may_have_happened
    assert rig.connection.unsent == 0


async def test_a_command_that_cannot_be_encoded_leaves_nothing_pending(rig) -> None:
    with pytest.raises(TypeError):
        await rig.connection.call("X.y", {"value": object()})
    assert not rig.connection.protocol.pending
    assert rig.browser.sent == []


async def test_each_command_is_told_as_over_once_whatever_ends_it(rig) -> None:
    told: list[str] = []

    def observe(_connection: object, command: InFlight, outcome: str, _duration_ns: int) -> None:
        told.append(f"{command.method} {outcome}")

    rig.connection._observe = observe
    call = asyncio.create_task(rig.connection.call("X.y"))
    command = await rig.browser.command("X.y")
    rig.browser.reply(command, {})
    rig.browser.reply(command, {})
    rig.browser.refuse(command, "once more")
    rig.browser.end("cut")
    assert await call == {}
    await rig.connection.ended.wait()
    assert told == ["X.y ok"]
    assert rig.connection.protocol.late_replies == 2

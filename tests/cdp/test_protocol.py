from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.errors import CdpError, ConnectionLostError, ProtocolError
from harness.cdp.protocol import CdpProtocol

Outcome = msgspec.Raw | CdpError


def _lost(method: str) -> CdpError:
    return ConnectionLostError("lost", method=method, may_have_happened=True)


def test_commands_are_numbered_and_replies_settle_the_one_they_answer() -> None:
    protocol, got = CdpProtocol(), {}
    for name in ("first", "second"):
        protocol.command(f"X.{name}", None, "", lambda outcome, name=name: got.__setitem__(name, outcome))
    assert protocol.receive(b'{"id":2,"result":{"n":2}}') is None
    assert list(got) == ["second"]
    assert bytes(got["second"]) == b'{"n":2}'
    assert list(protocol.pending) == [1]


def test_a_refusal_becomes_an_error_that_names_method_code_and_message() -> None:
    protocol, got = CdpProtocol(), []
    protocol.command("DOM.focus", None, "S1", got.append)
    protocol.receive(b'{"id":1,"error":{"code":-32000,"message":"Element is not focusable"}}')
    (error,) = got
    assert isinstance(error, ProtocolError)
    assert (error.method, error.error_code, error.message) == ("DOM.focus", -32000, "Element is not focusable")
    assert not error.may_have_happened


def test_an_event_is_handed_back_and_settles_nothing() -> None:
    protocol = CdpProtocol()
    protocol.command("X.y", None, "", lambda _: pytest.fail("it was not answered"))
    message = protocol.receive(b'{"method":"Page.loadEventFired","params":{},"sessionId":"S1"}')
    assert message is not None
    assert (message.method, message.session_id) == ("Page.loadEventFired", "S1")


def test_a_late_reply_is_counted() -> None:
    protocol = CdpProtocol()
    number, _ = protocol.command("X.y", None, "", lambda _: pytest.fail("it was given up"))
    protocol.forget(number)
    protocol.receive(b'{"id":1,"result":{}}')
    protocol.receive(b'{"id":77,"result":{}}')
    assert protocol.late_replies == 2
    assert not protocol.pending


def test_a_message_that_is_neither_reply_nor_event_is_counted() -> None:
    protocol = CdpProtocol()
    assert protocol.receive(b'{"error":{"code":-32700,"message":"JSON: cannot parse"}}') is None
    assert protocol.malformed == 1


def test_failing_one_session_leaves_the_others_waiting() -> None:
    protocol, got = CdpProtocol(), []
    for session in ("S1", "S2", "S1", ""):
        protocol.command("X.y", None, session, got.append)
    assert protocol.fail(_lost, "S1") == 2
    assert [p.session_id for p in protocol.pending.values()] == ["S2", ""]
    assert protocol.fail(_lost) == 2
    assert len(got) == 4


def test_params_that_cannot_be_encoded_leave_nothing_pending() -> None:
    protocol = CdpProtocol()
    with pytest.raises(TypeError):
        protocol.command("X.y", {"value": object()}, "", lambda _: None)
    assert not protocol.pending


@given(st.lists(st.binary(max_size=60) | st.from_regex(rb'\{"id":[0-9]{1,2}(,"result":\{\})?\}', fullmatch=True)))
def test_no_frame_is_fatal_and_each_command_is_settled_at_most_once(frames: list[bytes]) -> None:
    protocol, settled = CdpProtocol(), []
    for number in range(1, 4):
        protocol.command("X.y", None, "", lambda _, number=number: settled.append(number))
    for frame in frames:
        protocol.receive(frame)
    protocol.fail(_lost)
    assert sorted(settled) == [1, 2, 3]


def test_what_is_sent_is_what_was_asked() -> None:
    number, data = CdpProtocol().command("Page.navigate", {"url": "about:blank"}, "S1", lambda _: None)
    assert json.loads(data) == {
        "id": number, "method": "Page.navigate", "params": {"url": "about:blank"}, "sessionId": "S1",
    }  # fmt: skip

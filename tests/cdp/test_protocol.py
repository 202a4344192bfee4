from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.cdp.errors import CdpError, ConnectionLostError, ProtocolError
from harness.cdp.protocol import CdpProtocol

Outcome = msgspec.Raw | CdpError


class Asked:
    """A command that waits; notes what settled it."""

    def __init__(self, method: str = "X.y", session_id: str = "", settled: Callable[[Outcome], None] | None = None):
        self.id, self.method, self.session_id = 0, method, session_id
        self.settled: list[Outcome] = []
        self._tell = settled or self.settled.append

    def settle(self, outcome: Outcome) -> None:
        self._tell(outcome)


def _lost(asked: Asked) -> CdpError:
    return ConnectionLostError("lost", method=asked.method, may_have_happened=True)


def _never(why: str) -> Asked:
    return Asked(settled=lambda _: pytest.fail(why))


def test_commands_are_numbered_and_replies_settle_the_one_they_answer() -> None:
    protocol, first, second = CdpProtocol(), Asked("X.first"), Asked("X.second")
    for asked in (first, second):
        protocol.command(asked, None)
    assert protocol.receive(b'{"id":2,"result":{"n":2}}') is None
    assert first.settled == []
    assert [bytes(result) for result in second.settled] == [b'{"n":2}']
    assert list(protocol.pending) == [1]


def test_a_refusal_becomes_an_error_that_names_method_code_and_message() -> None:
    protocol, asked = CdpProtocol(), Asked("DOM.focus", "S1")
    protocol.command(asked, None)
    protocol.receive(b'{"id":1,"error":{"code":-32000,"message":"Element is not focusable"}}')
    (error,) = asked.settled
    assert isinstance(error, ProtocolError)
    assert (error.method, error.error_code, error.message) == ("DOM.focus", -32000, "Element is not focusable")
    assert not error.may_have_happened


def test_an_event_is_handed_back_and_settles_nothing() -> None:
    protocol = CdpProtocol()
    protocol.command(_never("it was not answered"), None)
    message = protocol.receive(b'{"method":"Page.loadEventFired","params":{},"sessionId":"S1"}')
    assert message is not None
    assert (message.method, message.session_id) == ("Page.loadEventFired", "S1")


def test_a_late_reply_is_counted() -> None:
    protocol = CdpProtocol()
    given_up = _never("it was given up")
    protocol.command(given_up, None)
    protocol.forget(given_up)
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
        protocol.command(Asked("X.y", session, got.append), None)
    assert protocol.fail(_lost, "S1") == 2
    assert [p.session_id for p in protocol.pending.values()] == ["S2", ""]
    assert protocol.fail(_lost) == 2
    assert len(got) == 4


def test_params_that_cannot_be_encoded_leave_nothing_pending() -> None:
    protocol = CdpProtocol()
    with pytest.raises(TypeError):
        protocol.command(Asked(), {"value": object()})
    assert not protocol.pending


@given(st.lists(st.binary(max_size=60) | st.from_regex(rb'\{"id":[0-9]{1,2}(,"result":\{\})?\}', fullmatch=True)))
def test_no_frame_is_fatal_and_each_command_is_settled_at_most_once(frames: list[bytes]) -> None:
    protocol, settled = CdpProtocol(), []
    for number in range(1, 4):
        protocol.command(Asked(settled=lambda _, number=number: settled.append(number)), None)
    for frame in frames:
        protocol.receive(frame)
    protocol.fail(_lost)
    assert sorted(settled) == [1, 2, 3]


def test_what_is_sent_is_what_was_asked() -> None:
    asked = Asked("Page.navigate", "S1")
    data = CdpProtocol().command(asked, {"url": "about:blank"})
    assert json.loads(data) == {
        "id": asked.id, "method": "Page.navigate", "params": {"url": "about:blank"}, "sessionId": "S1",
    }  # fmt: skip

from __future__ import annotations

import msgspec
import pytest

from harness.cdp.messages import Outgoing, decode, encode, read


def test_a_command_without_session_and_params_holds_neither() -> None:
    assert encode(Outgoing(1, "Browser.getVersion")) == b'{"id":1,"method":"Browser.getVersion"}'


def test_the_session_travels_under_the_name_of_the_protocol() -> None:
    assert b'"sessionId":"S1"' in encode(Outgoing(1, "Page.enable", {}, "S1"))
    assert decode(b'{"method":"Page.loadEventFired","sessionId":"S1"}').session_id == "S1"


def test_params_and_result_stay_raw_until_they_are_read() -> None:
    message = decode(b'{"id":1,"result":{"a":[1,2]}}')
    assert isinstance(message.result, msgspec.Raw)
    assert read(message.result) == {"a": [1, 2]}


@pytest.mark.parametrize(("escape", "text"), [("a\\ud83d", "a?"), ("x\\udc00y", "x?y"), ("\\ud83d\\ude00", "😀")])
def test_half_an_emoji_in_a_pages_text_does_not_cost_the_reply(escape: str, text: str) -> None:
    message = decode(b'{"id":3,"result":{"result":{"value":"%s"}},"sessionId":"S1"}' % escape.encode())
    assert (message.id, message.session_id) == (3, "S1")
    assert read(message.result) == {"result": {"value": text}}


@pytest.mark.parametrize("frame", [b"", b"{", b"[]", b"\xff", b'{"id":"1"}', b'{"id":1,"error":"x"}', b"[" * 100_000])
def test_what_is_no_envelope_is_a_decode_error(frame: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(frame)


def test_what_is_nested_too_deeply_is_a_decode_error_too() -> None:
    deep = b"[" * 20_000 + b"]" * 20_000
    with pytest.raises(msgspec.DecodeError, match="too deeply"):
        decode(b'{"method":"X.y","params":' + deep + b"}")
    with pytest.raises(msgspec.DecodeError, match="too deeply"):
        read(msgspec.Raw(deep))

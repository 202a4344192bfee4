"""CDP envelopes (JSON-RPC 2.0 without the version field, plus `sessionId` for flattened sessions).

`params` and `result` stay raw bytes until someone asks for them: most events are never decoded.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

EMPTY = msgspec.Raw(b"{}")


class ErrorBody(msgspec.Struct):
    """The `error` of a reply."""

    code: int = 0
    message: str = ""
    data: Any = None


class Incoming(msgspec.Struct, rename={"session_id": "sessionId"}):
    """A reply (`id`) or an event (`method`); malformed traffic is answered with an `error` and neither."""

    id: int | None = None
    method: str | None = None
    params: msgspec.Raw = EMPTY
    result: msgspec.Raw = EMPTY
    error: ErrorBody | None = None
    session_id: str = ""


class Outgoing(msgspec.Struct, omit_defaults=True, rename={"session_id": "sessionId"}):
    """A command."""

    id: int
    method: str
    params: Any = None
    session_id: str = ""


_decoder = msgspec.json.Decoder(Incoming)
_encoder = msgspec.json.Encoder()
_plain = msgspec.json.Decoder()


def decode(data: bytes | str) -> Incoming:
    """One message from the wire; msgspec.DecodeError when it is no envelope.

    A page's text may hold half of a surrogate pair (an emoji cut in two), and Chromium sends it so: it becomes a `?`.
    """
    try:
        return _decoder.decode(data)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        return _decoder.decode(_without_half_pairs(data, error))
    except RecursionError:
        raise _too_deep() from None


def _without_half_pairs(data: bytes | str, error: msgspec.DecodeError) -> bytes:
    text = data if isinstance(data, str) else data.decode(errors="replace")
    try:
        return json.dumps(json.loads(text), ensure_ascii=False).encode(errors="replace")
    except (ValueError, RecursionError):  # it is no JSON at all: what was said first is the better reason
        raise error from None


def _too_deep() -> msgspec.DecodeError:
    return msgspec.DecodeError("JSON is nested too deeply")


def encode(message: Outgoing) -> bytes:
    """One command for the wire."""
    return _encoder.encode(message)


def read(raw: msgspec.Raw, into: Any = Any) -> Any:
    """Decode raw `params` or a raw `result` into plain Python values, or into a struct; None, where none is wanted.

    msgspec.DecodeError or UnicodeDecodeError when it cannot be.
    """
    try:
        if into is Any:
            return _plain.decode(raw)
        return None if into is None else msgspec.json.decode(raw, type=into)
    except RecursionError:
        raise _too_deep() from None

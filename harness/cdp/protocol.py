"""The protocol without I/O: numbers commands, keeps the pending table, matches replies, tells events apart.

Nothing here waits, reads a clock or touches a socket; the connection feeds it bytes and sends what it returns.
Unknown ids, unknown shapes and replies to commands given up are counted, never fatal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from harness.cdp.errors import CdpError, refusal
from harness.cdp.messages import Incoming, Outgoing, decode, encode


class Waiter(Protocol):
    """A command that waits for its reply; `settle` is called at most once, with the raw result or the error."""

    id: int
    method: str
    session_id: str

    def settle(self, outcome: msgspec.Raw | CdpError) -> None:
        """Take the outcome."""
        ...


W = TypeVar("W", bound=Waiter)


class CdpProtocol(Generic[W]):
    """State of one connection's traffic. Counters: replies nobody waits for, and frames that are no envelope."""

    def __init__(self) -> None:
        self._next_id = 0
        self.pending: dict[int, W] = {}
        self.late_replies = 0
        self.malformed = 0

    def command(self, waiter: W, params: Mapping[str, Any] | None) -> bytes:
        """Register a command under a new id; returns the bytes to send."""
        self._next_id = number = self._next_id + 1
        waiter.id = number
        data = encode(Outgoing(number, waiter.method, params, waiter.session_id))
        self.pending[number] = waiter
        return data

    def forget(self, waiter: W) -> None:
        """Drop a command that was cancelled, timed out or never sent; its late reply is counted."""
        self.pending.pop(waiter.id, None)

    def receive(self, data: bytes | str) -> Incoming | None:
        """Take one frame: settles the command it answers and returns None, or returns the event that it is."""
        try:
            message = decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.malformed += 1
            return None
        if message.id is not None:
            waiter = self.pending.pop(message.id, None)
            if waiter is None:
                self.late_replies += 1
            elif message.error is None:
                waiter.settle(message.result)
            else:
                waiter.settle(refusal(waiter.method, message.error.code, message.error.message))
            return None
        if message.method is None:
            self.malformed += 1
            return None
        return message

    def fail(self, make_error: Callable[[W], CdpError], session_id: str | None = None) -> int:
        """Settle every pending command (of one session, or of all) with the error made for it; returns how many."""
        doomed = [waiter for waiter in self.pending.values() if session_id is None or waiter.session_id == session_id]
        for waiter in doomed:
            del self.pending[waiter.id]
            waiter.settle(make_error(waiter))
        return len(doomed)

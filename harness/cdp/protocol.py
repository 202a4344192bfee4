"""The protocol without I/O: numbers commands, keeps the pending table, matches replies, tells events apart.

Nothing here waits, reads a clock or touches a socket; the connection feeds it bytes and sends what it returns.
Unknown ids, unknown shapes and replies to commands given up are counted, never fatal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from harness.cdp.errors import CdpError, ProtocolError
from harness.cdp.messages import Incoming, Outgoing, decode, encode


class Pending(NamedTuple):
    """A command that waits for its reply; `settle` is called exactly once, with the raw result or the error."""

    method: str
    session_id: str
    settle: Callable[[msgspec.Raw | CdpError], None]


class CdpProtocol:
    """State of one connection's traffic. Counters: replies nobody waits for, and frames that are no envelope."""

    def __init__(self) -> None:
        self._next_id = 0
        self.pending: dict[int, Pending] = {}
        self.late_replies = 0
        self.malformed = 0

    def command(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        session_id: str,
        settle: Callable[[msgspec.Raw | CdpError], None],
    ) -> tuple[int, bytes]:
        """Register a command; returns its id and the bytes to send."""
        self._next_id += 1
        data = encode(Outgoing(self._next_id, method, params, session_id))
        self.pending[self._next_id] = Pending(method, session_id, settle)
        return self._next_id, data

    def forget(self, command_id: int) -> None:
        """Drop a command that was cancelled, timed out or never sent; its late reply is counted."""
        self.pending.pop(command_id, None)

    def receive(self, data: bytes | str) -> Incoming | None:
        """Take one frame: settles the command it answers and returns None, or returns the event that it is."""
        try:
            message = decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.malformed += 1
            return None
        if message.id is not None:
            self._settle(message.id, message)
            return None
        if message.method is None:
            self.malformed += 1
            return None
        return message

    def _settle(self, command_id: int, message: Incoming) -> None:
        pending = self.pending.pop(command_id, None)
        if pending is None:
            self.late_replies += 1
        elif message.error is not None:
            pending.settle(ProtocolError(pending.method, message.error.code, message.error.message))
        else:
            pending.settle(message.result)

    def fail(self, make_error: Callable[[str], CdpError], session_id: str | None = None) -> int:
        """Settle every pending command (of one session, or of all) with the error made for its method; returns how many."""
        doomed = [key for key, p in self.pending.items() if session_id is None or p.session_id == session_id]
        for key in doomed:
            pending = self.pending.pop(key)
            pending.settle(make_error(pending.method))
        return len(doomed)

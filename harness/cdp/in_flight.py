"""One command on its way: what it asks, under which leases, until when, and what is known of it."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from harness.cdp.errors import CdpError

if TYPE_CHECKING:
    from harness.cdp.session import Session


class InFlight:
    """Settled once: by its reply, its deadline, the end of its session or connection, or the fence.

    due_s: loop time of its deadline. sent: handed to the transport, so that it may have happened. repeatable: a script of
    ours that changes nothing, so that its loss is no unknown outcome. context: the sender's, for what the fence tells.
    """

    __slots__ = (
        "answer",
        "context",
        "data",
        "deadline_s",
        "due_s",
        "guards",
        "id",
        "method",
        "sent",
        "session",
        "session_id",
        "started_ns",
        "unharmed",
        "writes",
    )

    def __init__(
        self,
        method: str,
        session: Session | None,
        guards: Sequence[object],
        *,
        writes: bool,
        repeatable: bool,
        deadline_s: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.id = 0
        self.method = method
        self.session = session
        self.session_id = session.session_id if session is not None else ""
        self.guards = guards
        self.writes = writes
        self.unharmed = repeatable or not writes
        self.deadline_s = deadline_s
        self.due_s = loop.time() + deadline_s
        self.started_ns = time.perf_counter_ns()
        self.answer: asyncio.Future[msgspec.Raw] = loop.create_future()
        self.data = b""
        self.sent = False
        self.context: contextvars.Context | None = None

    @property
    def may_have_happened(self) -> bool:
        """Whether it may have had its effect, should nothing more be heard of it."""
        return self.sent and not self.unharmed

    def settle(self, outcome: msgspec.Raw | CdpError) -> None:
        """Take the outcome; one that is given up already keeps what it has."""
        answer = self.answer
        if answer.done():
            return
        if isinstance(outcome, CdpError):
            if self.unharmed:
                outcome.may_have_happened = False
            answer.set_exception(outcome)
        else:
            answer.set_result(outcome)

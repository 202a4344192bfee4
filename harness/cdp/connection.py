"""One connection to one browser: many flattened sessions over one transport.

The reader only routes. Each command has a deadline; a command given up leaves nothing behind; when the connection ends,
everyone who waits learns the one cause. A write is checked against the fence in the same loop step in which it is sent.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from harness.cdp.errors import (
    CdpError,
    CommandTimeoutError,
    ConnectionLostError,
    SessionDetachedError,
    TargetCrashedError,
)
from harness.cdp.messages import Incoming, read
from harness.cdp.methods import is_write
from harness.cdp.ports import Fence
from harness.cdp.protocol import CdpProtocol
from harness.cdp.session import Session
from harness.cdp.transport import Transport, TransportClosedError
from harness.telemetry.pipeline import Log

_REVIVES = frozenset({"Page.navigate", "Page.close"})


class Connection:
    """Live until `run` returns. `on_lost` is called once, before any waiter is told, unless `close` was called first."""

    def __init__(
        self,
        transport: Transport,
        *,
        browser_id: str,
        cohort: str,
        generation: int,
        fence: Fence,
        log: Log,
        on_lost: Callable[[str], None],
        timeout_s: float = 10.0,
    ) -> None:
        self.browser_id, self.cohort, self.generation = browser_id, cohort, generation
        self.timeout_s = timeout_s
        self.protocol = CdpProtocol()
        self.sessions: dict[str, Session] = {}
        self.lost_reason: str | None = None
        self.unknown_sessions = 0
        self.unheard_events = 0
        self.ended = asyncio.Event()
        self._transport = transport
        self._fence = fence
        self._log = log
        self._on_lost = on_lost
        self._closing = False

    # --- reading

    async def run(self) -> None:
        """Read until the transport ends; then fail every waiter. Cancelling it aborts the transport."""
        reason = "the reader was stopped"
        try:
            while True:
                data = await self._transport.receive()
                message = self.protocol.receive(data)
                if message is not None:
                    self._route(message)
        except TransportClosedError as error:
            reason = str(error)
        except asyncio.CancelledError:
            self._closing = True  # the owner ends us: no loss to be told
            raise
        finally:
            self._end(reason)
            self._transport.abort()

    def _end(self, reason: str) -> None:
        self.lost_reason = reason
        pending = len(self.protocol.pending)
        if not self._closing:
            self._log.warning(
                "cdp.connection_lost",
                browser_id=self.browser_id,
                cohort=self.cohort,
                generation=self.generation,
                cause="connection_lost",
                pending=pending,
                detail=reason,
            )
            self._on_lost(reason)
        self.protocol.fail(
            lambda method: ConnectionLostError(
                f"the connection to browser {self.browser_id} ended while {method} waited",
                method=method,
                may_have_happened=is_write(method, None),
                why=reason,
            )
        )
        for session in list(self.sessions.values()):
            session.end(self._lost_error)
        self.sessions.clear()
        self.ended.set()

    def _lost_error(self, method: str) -> CdpError:
        return ConnectionLostError(
            f"{method} was not sent: the connection to browser {self.browser_id} has ended",
            method=method,
            may_have_happened=False,
            why=self.lost_reason or "it is closing",
        )

    def _route(self, message: Incoming) -> None:
        method = message.method or ""
        if method == "Target.detachedFromTarget":
            self._detached(read(message.params).get("sessionId", ""))
            return
        if not message.session_id:
            self.unheard_events += 1
            return
        session = self.sessions.get(message.session_id)
        if session is None:
            self.unknown_sessions += 1
        elif method == "Inspector.targetCrashed":
            self._crashed(session)
        elif session.events.listeners(method):
            session.events.emit(method, read(message.params))
        else:
            self.unheard_events += 1

    def _detached(self, session_id: str) -> None:
        session = self.sessions.pop(session_id, None)
        if session is None:
            self.unknown_sessions += 1
            return
        if not session.closing:
            self._tell_lost(session, "session_detached")

        def gone(method: str) -> CdpError:
            return SessionDetachedError(
                f"the session ended while {method} waited",
                method=method,
                may_have_happened=is_write(method, None),
                why="its target was closed or detached",
            )

        self.protocol.fail(gone, session_id)
        session.end(gone)

    def _crashed(self, session: Session) -> None:
        self._tell_lost(session, "renderer_crashed")

        def crashed(method: str) -> CdpError:
            return TargetCrashedError(
                f"the renderer crashed while {method} waited",
                method=method,
                may_have_happened=is_write(method, None),
                why="Inspector.targetCrashed",
            )

        self.protocol.fail(crashed, session.session_id)
        session.crash(crashed)

    def _tell_lost(self, session: Session, cause: str) -> None:
        self._log.warning(
            "session.lost",
            browser_id=self.browser_id,
            target_id=session.target_id,
            session_id=session.session_id,
            cause=cause,
            **session.correlation,
        )

    # --- writing

    async def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        session: Session | None = None,
        guards: Sequence[object] = (),
        timeout_s: float | None = None,
        repeatable: bool = False,
    ) -> Any:
        """Send a command and return its decoded result.

        guards: the leases under which a write is made; without them only reads pass. repeatable: a script of ours that
        changes nothing, so that its loss is no unknown outcome. Raises CdpError, or OwnershipViolationError from the
        fence before anything is sent.
        """
        if self.lost_reason is not None or self._closing:
            raise self._lost_error(method)
        if session is not None:
            if session.make_error is not None and not (session.crashed and method in _REVIVES):
                raise session.make_error(method)
            if is_write(method, params):
                self._fence.check(f"session:{session.target_id}", guards, method)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[msgspec.Raw] = loop.create_future()

        def settle(outcome: msgspec.Raw | CdpError) -> None:
            if future.done():
                return
            if isinstance(outcome, CdpError):
                if repeatable:
                    outcome.may_have_happened = False
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        session_id = session.session_id if session else ""
        command_id, data = self.protocol.command(method, params, session_id, settle)
        deadline_s = self.timeout_s if timeout_s is None else timeout_s
        timer = loop.call_later(deadline_s, lambda: settle(self._timeout_error(method, deadline_s)))
        started_ns = time.monotonic_ns()
        outcome = "cancelled"
        try:
            try:
                await self._transport.send(data)
            except TransportClosedError as error:
                if not future.done():
                    raise self._lost_error(method) from error
            result = read(await future)
            outcome = "ok"
            return result
        except CdpError as error:
            outcome = error.code
            raise
        finally:
            timer.cancel()
            self.protocol.forget(command_id)
            if future.done() and not future.cancelled():
                future.exception()
            else:
                future.cancel()
            self._log.info(
                "command.completed",
                method=method,
                duration_ms=(time.monotonic_ns() - started_ns) / 1e6,
                outcome=outcome,
                session_id=session_id,
                command_id=f"{self.browser_id}.{self.generation}.{command_id}",
            )

    def _timeout_error(self, method: str, deadline_s: float) -> CdpError:
        return CommandTimeoutError(
            f"{method} was not answered within {deadline_s:g} s",
            method=method,
            may_have_happened=is_write(method, None),
            why="the page or the browser is busy, hung or waiting for headers",
        )

    # --- sessions

    async def attach(self, target_id: str, timeout_s: float | None = None) -> Session:
        """Attach a flattened session to a page target; CdpError when it is gone."""
        result = await self.call("Target.attachToTarget", {"targetId": target_id, "flatten": True}, timeout_s=timeout_s)
        session = Session(self, target_id, result["sessionId"])
        self.sessions[session.session_id] = session
        return session

    async def detach(self, session: Session) -> None:
        """End a session on purpose; its id answers nobody afterwards."""
        session.closing = True
        if self.sessions.pop(session.session_id, None) is not None and self.lost_reason is None:
            await self.call("Target.detachFromTarget", {"sessionId": session.session_id})
        session.end(
            lambda method: SessionDetachedError(
                f"{method} was not sent: the session was closed", method=method, may_have_happened=False
            )
        )

    async def close(self) -> None:
        """End the connection on purpose: no loss is reported; waiters get ConnectionLostError all the same."""
        self._closing = True
        await self._transport.close()

    def abort(self) -> None:
        """Cut the transport as a fault would: everything that a loss causes happens."""
        self._transport.abort()

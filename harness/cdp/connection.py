"""One connection to one browser: many flattened sessions over one transport.

The reader only routes. Each command has a deadline; a command given up leaves nothing behind; when the connection ends,
everyone who waits learns the one cause. A write is checked against the fence in the same loop step in which it is sent.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from harness.basics.errors import OperationError
from harness.cdp.command import Command, R
from harness.cdp.errors import (
    CdpError,
    CommandTimeoutError,
    ConnectionLostError,
    ProtocolError,
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

_REVIVES = frozenset({"Page.navigate", "Page.reload", "Page.close"})


class Connection:
    """Live until `run` returns. `on_lost` is called once at its end, planned or not, before any waiter is told."""

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
        self._sending = asyncio.Lock()
        self._ended_early: deque[str] = deque(maxlen=64)  # sessions that ended before `attach` knew them

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
        except Exception as error:
            reason = f"the reader failed: {error!r}"
            raise
        finally:
            self._transport.abort()
            self._end(reason)

    def _end(self, reason: str) -> None:
        self.lost_reason = reason
        if not self._closing:
            self._log.warning(
                "cdp.connection_lost",
                browser_id=self.browser_id,
                cohort=self.cohort,
                generation=self.generation,
                cause="connection_lost",
                pending=len(self.protocol.pending),
                detail=reason,
            )
        try:
            self._on_lost(reason)
        finally:
            self._fail_waiters(reason)

    def _fail_waiters(self, reason: str) -> None:
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
            params = self._params(message)
            if params is not None:
                self._detached(params.get("sessionId", ""))
            return
        if not message.session_id:
            self.unheard_events += 1
            return
        session = self.sessions.get(message.session_id)
        if session is None:
            self.unknown_sessions += 1
            return
        if method == "Inspector.targetCrashed":
            self._crashed(session)
        elif method == "Inspector.targetReloadedAfterCrash":
            session.revive()
        if session.events.listeners(method):
            self._emit(session, method, message)
        else:
            self.unheard_events += 1

    def _params(self, message: Incoming) -> dict[str, Any] | None:
        try:
            params = read(message.params)
        except (msgspec.DecodeError, UnicodeDecodeError):
            params = None
        if not isinstance(params, dict):
            self.protocol.malformed += 1
            return None
        return params

    def _emit(self, session: Session, method: str, message: Incoming) -> None:
        params = self._params(message)
        if params is None:
            return
        try:
            session.events.emit(method, params)
        except Exception as error:  # noqa: BLE001 - one page's handler must not end the connection that all pages share
            self._log_handler_error(session, f"a handler of {method} raised {error!r}")

    def _log_handler_error(self, session: Session, why: str) -> None:
        if session.make_error is None:  # it is ended by its first error, and that one is told
            self._tell_lost(session, "handler_failed")
            self._end_session(session, why)

    def _detached(self, session_id: str) -> None:
        session = self.sessions.pop(session_id, None)
        if session is None:
            self.unknown_sessions += 1
            self._ended_early.append(session_id)
            return
        if not session.closing:
            self._tell_lost(session, "session_detached")
        self._end_session(session, "its target was closed or detached")

    def _end_session(self, session: Session, why: str) -> None:
        def gone(method: str) -> CdpError:
            return SessionDetachedError(
                f"the session ended while {method} waited",
                method=method,
                may_have_happened=is_write(method, None),
                why=why,
            )

        def not_sent(method: str) -> CdpError:
            return SessionDetachedError(
                f"{method} was not sent: the session has ended", method=method, may_have_happened=False, why=why
            )

        self.protocol.fail(gone, session.session_id)
        session.end(not_sent)

    def _crashed(self, session: Session) -> None:
        self._tell_lost(session, "renderer_crashed")

        def crashed(method: str) -> CdpError:
            return TargetCrashedError(
                f"the renderer crashed while {method} waited",
                method=method,
                may_have_happened=is_write(method, None),
                why="Inspector.targetCrashed",
            )

        def not_sent(method: str) -> CdpError:
            return TargetCrashedError(
                f"{method} was not sent: the renderer has crashed",
                method=method,
                may_have_happened=False,
                why="Inspector.targetCrashed",
            )

        self.protocol.fail(crashed, session.session_id)
        session.crash(not_sent)

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

    async def send(self, command: Command[R], **options: Any) -> R:
        """Send a typed command and return its result in its own type; options and errors as in `call`."""
        return cast("R", await self.call(command.method, command.params, into=command.result, **options))

    async def call(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        session: Session | None = None,
        guards: Sequence[object] = (),
        timeout_s: float | None = None,
        repeatable: bool = False,
        into: Any = Any,
    ) -> Any:
        """Send a command and return its decoded result.

        guards: the leases under which a write is made; without them only reads pass. repeatable: a script of ours that
        changes nothing, so that its loss is no unknown outcome. into: the type that the result is decoded into;
        None leaves it unread. Raises CdpError, or OwnershipViolationError from the fence before anything is sent.
        """
        if self.lost_reason is not None or self._closing:
            raise self._lost_error(method)
        writes = is_write(method, params)

        def may_still() -> None:
            if session is not None and writes:
                self._fence.check(f"session:{session.target_id}", guards, method)

        if session is not None and session.make_error is not None and not (session.crashed and method in _REVIVES):
            raise session.make_error(method)
        may_still()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[msgspec.Raw] = loop.create_future()

        def settle(outcome: msgspec.Raw | CdpError) -> None:
            if future.done():
                return
            if isinstance(outcome, CdpError):
                if repeatable or not writes:
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
            await self._send(data, future, deadline_s, may_still, lambda why: settle(self._send_error(method, why)))
            result = _read_result(method, await future, writes and not repeatable, into)
            outcome = "ok"
            return result
        except OperationError as error:
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

    async def _send(
        self,
        data: bytes,
        answer: asyncio.Future[msgspec.Raw],
        deadline_s: float,
        may_still: Callable[[], None],
        fail: Callable[[str], None],
    ) -> None:
        """Senders queue here and not in the transport: one that had to wait asks the fence again when its turn comes.

        One whose session or connection ended meanwhile sends nothing; its lease went with them, and is not to blame.
        """
        try:
            async with asyncio.timeout(deadline_s):  # a browser that does not read holds its senders up
                waits = self._sending.locked()
                async with self._sending:
                    if answer.done():
                        return
                    if waits:
                        may_still()
                    await self._transport.send(data)
        except TimeoutError:
            fail("the browser did not take it in time")  # its own timer was first, as a rule
        except TransportClosedError as error:
            fail(str(error))

    def _send_error(self, method: str, why: str) -> CdpError:
        return ConnectionLostError(
            f"the connection to browser {self.browser_id} ended while {method} was sent",
            method=method,
            may_have_happened=is_write(method, None),
            why=why,
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
        if self.lost_reason is not None:  # both came between the reply and this line
            raise self._lost_error("Target.attachToTarget")
        if session.session_id in self._ended_early:
            raise SessionDetachedError(
                "the session ended as soon as it stood",
                method="Target.attachToTarget",
                may_have_happened=False,
                why="its target was closed",
            )
        self.sessions[session.session_id] = session
        return session

    async def detach(self, session: Session) -> None:
        """End a session on purpose; its id answers nobody afterwards, also where the browser refuses."""
        session.closing = True
        try:
            if session.session_id in self.sessions and self.lost_reason is None:
                await self.call("Target.detachFromTarget", {"sessionId": session.session_id})
        finally:
            self.sessions.pop(session.session_id, None)
            self._end_session(session, "the session was closed")

    async def close(self) -> None:
        """End the connection on purpose: no loss is logged; all else happens as at any end."""
        self._closing = True
        await self._transport.close()

    def abort(self) -> None:
        """Cut the transport as a fault would: everything that a loss causes happens."""
        self._transport.abort()


def _read_result(method: str, raw: msgspec.Raw, may_have_happened: bool, into: Any) -> Any:
    try:
        return read(raw, into)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        unreadable = ProtocolError(method, 0, f"its reply cannot be read: {error}")
        unreadable.may_have_happened = may_have_happened
        raise unreadable from error

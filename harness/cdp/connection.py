"""One connection to one browser: many flattened sessions over one transport.

What arrives is only routed. Each command has a deadline; a command given up leaves nothing behind; when the connection
ends, everyone who waits learns the one cause. A write is checked against the fence in the same loop step in which it is
sent (see outbox.py).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import msgspec

from harness.basics.errors import OperationError
from harness.cdp import endings
from harness.cdp.command import Command, R
from harness.cdp.deadlines import Deadlines
from harness.cdp.errors import ProtocolError, SessionDetachedError
from harness.cdp.events import EventSource
from harness.cdp.in_flight import InFlight
from harness.cdp.messages import Incoming, read
from harness.cdp.methods import is_write
from harness.cdp.outbox import Outbox
from harness.cdp.ports import CommandObserver, Fence
from harness.cdp.protocol import CdpProtocol
from harness.cdp.session import Session
from harness.cdp.transport import Transport
from harness.telemetry.pipeline import Log


class _Attached(msgspec.Struct, rename={"session_id": "sessionId"}):
    session_id: str


_DIALOG = {"Page.javascriptDialogOpening": True, "Page.javascriptDialogClosed": False}
_REVIVES = frozenset({"Page.navigate", "Page.reload", "Page.close"})


class Connection:
    """Live until `run` returns. `on_lost` is called once at its end, planned or not, before any waiter is told.

    events: those of the browser itself, which belong to no session. observe: told of each command that is over.
    """

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
        observe: CommandObserver,
        timeout_s: float = 10.0,
    ) -> None:
        self.browser_id, self.cohort, self.generation = browser_id, cohort, generation
        self.timeout_s = timeout_s
        self.protocol: CdpProtocol[InFlight] = CdpProtocol()
        self.sessions: dict[str, Session] = {}
        self.events = EventSource()
        self.lost_reason: str | None = None
        self.unknown_sessions = 0
        self.unheard_events = 0
        self.ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._outbox = Outbox(transport, self._may_send)
        self._deadlines = Deadlines(self.protocol.pending.values, self._expire)
        self._fence = fence
        self._log = log
        self._on_lost = on_lost
        self._observe = observe
        self._closing = False
        self._defect: Exception | None = None
        self._ended_early: deque[str] = deque(maxlen=64)  # sessions that ended before `attach` knew them
        self._crashed_early: deque[str] = deque(maxlen=64)  # targets that crashed while nobody was attached

    @property
    def unsent(self) -> int:
        """Commands that wait for their turn, or for a browser that does not read."""
        return len(self._outbox)

    # --- its life

    async def run(self) -> None:
        """Read until the transport ends. Cancelling it aborts the transport; raises what failed in routing."""
        self._transport.start(self)
        try:
            await self.ended.wait()
        finally:
            if not self.ended.is_set():
                self._closing = True  # the owner ends us: no loss to be told
                self._transport.abort()
                self.end("the reader was stopped")
        if self._defect is not None:
            raise self._defect

    async def close(self) -> None:
        """End the connection on purpose: no loss is logged; all else happens as at any end."""
        self._closing = True
        await self._transport.close()

    def abort(self) -> None:
        """Cut the transport as a fault would: everything that a loss causes happens."""
        self._transport.abort()

    # --- what the transport tells

    def receive(self, data: bytes) -> None:
        """One frame: settle the command that it answers, or route the event that it is."""
        if self.lost_reason is not None:
            return  # the rest of what the transport had read when it was cut: everyone was told that nothing more comes
        try:
            message = self.protocol.receive(data)
            if message is not None:
                self._route(message)
        except Exception as error:  # noqa: BLE001 - the wall of the reader: it is raised by `run`
            self._log.error("cdp.defect", browser_id=self.browser_id, cohort=self.cohort, detail=repr(error))
            self._defect = self._defect or error
            self._transport.abort()
            self.end(f"the reader failed: {error!r}")

    def end(self, reason: str) -> None:
        """The transport has ended: the leases go first, then every waiter learns why."""
        if self.lost_reason is not None:
            return
        self.lost_reason = reason
        self._deadlines.stop()
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
        except Exception as error:  # noqa: BLE001 - waiters are freed all the same; it is raised by `run`
            self._log.error("cdp.defect", browser_id=self.browser_id, cohort=self.cohort, detail=repr(error))
            self._defect = self._defect or error
        lost, not_sent = endings.connection_lost(self.browser_id, reason)
        self.protocol.fail(lost)
        for session in list(self.sessions.values()):
            session.end(not_sent)
        self.sessions.clear()
        self.events.end(not_sent)
        self.ended.set()

    def pause(self) -> None:
        """The browser does not read."""
        self._outbox.pause()

    def resume(self) -> None:
        """The browser reads again."""
        self._outbox.resume()

    # --- routing

    def _route(self, message: Incoming) -> None:
        method = message.method or ""
        session_id = message.session_id
        if not session_id or method == "Target.detachedFromTarget":
            self._route_to_browser(method, message)
            return
        session = self.sessions.get(session_id)
        if session is None:
            self.unknown_sessions += 1
            return
        if method == "Inspector.targetCrashed":
            self._crashed(session)
        elif method == "Inspector.targetReloadedAfterCrash":
            session.revive()
        elif method in _DIALOG:
            session.dialog_open = _DIALOG[method]
        if session.hears(method):
            self._emit(session, method, message)
        else:
            self.unheard_events += 1

    def _route_to_browser(self, method: str, message: Incoming) -> None:
        if method in {"Target.detachedFromTarget", "Target.targetCrashed"}:
            params = self._params(message)
            if params is None:
                return
            if method == "Target.targetCrashed":
                self._target_crashed(params)
            else:
                self._detached(str(params.get("sessionId", "")))
        elif not self.events.hears(method):
            self.unheard_events += 1
        if self.events.hears(method):
            self._emit_of_browser(method, message)

    def _emit_of_browser(self, method: str, message: Incoming) -> None:
        params = self._params(message)
        if params is None:
            return
        try:
            self.events.emit(method, params)
        except Exception as error:  # noqa: BLE001 - a handler of one event must not end what all pages share
            self._log.error(
                "cdp.defect",
                browser_id=self.browser_id,
                cohort=self.cohort,
                detail=f"a handler of {method} raised {error!r}",
            )

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
            session.emit(method, params)
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
        gone, not_sent = endings.session_ended(why)
        self.protocol.fail(gone, session.session_id)
        session.end(not_sent)

    def _target_crashed(self, params: dict[str, Any]) -> None:
        """What the browser says of it: out of its own memory is `crashed` 5, killed by the kernel or by hand `killed` 9."""
        target_id = str(params.get("targetId", ""))
        code = params.get("errorCode")
        sessions = [session for session in self.sessions.values() if session.target_id == target_id]
        self._log.warning(
            "target.crashed",
            browser_id=self.browser_id,
            target_id=target_id,
            status=str(params.get("status", "")),
            error_code=code if isinstance(code, int) else 0,
            **(sessions[0].correlation if sessions else {}),
        )
        if not sessions:
            self._crashed_early.append(target_id)
        for session in sessions:
            self._crashed(session)

    def _crashed(self, session: Session) -> None:
        if session.crashed:
            return
        self._tell_lost(session, "renderer_crashed")
        crashed, not_sent = endings.renderer_crashed()
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
            raise endings.connection_lost(self.browser_id, self.lost_reason or "it is closing")[1](method)
        if session is not None and session.make_error is not None and not (session.crashed and method in _REVIVES):
            raise session.make_error(method)
        command = InFlight(
            method,
            session,
            guards,
            writes=is_write(method, params),
            repeatable=repeatable,
            deadline_s=self.timeout_s if timeout_s is None else timeout_s,
            loop=self._loop,
        )
        command.data = self.protocol.command(command, params)
        self._deadlines.watch(command.due_s)
        outcome = "cancelled"
        try:
            self._outbox.put(command)
            result = _read_result(command, await command.answer, into)
            outcome = "ok"
            return result
        except OperationError as error:
            outcome = error.code
            if type(error) is SessionDetachedError and session is not None and session.make_error is None:
                self._stale(session)
            raise
        finally:
            self.protocol.forget(command)
            self._outbox.forget(command)
            if outcome == "cancelled" and not command.answer.cancelled():
                command.answer.exception()
            self._observe(self, command, outcome, time.perf_counter_ns() - command.started_ns)

    def _may_send(self, command: InFlight) -> bool:
        """The fence, asked in the loop step in which the command is written; a refused one is settled with its error."""
        if command.session is None or not command.writes:
            return True
        try:
            self._fence.check(command.session.scope, command.guards, command.method)
        except Exception as error:  # noqa: BLE001 - also a fence that fails is heard by the sender alone, and lets nothing pass
            if not command.answer.done():
                command.answer.set_exception(error)
            return False
        return True

    def _expire(self, command: InFlight) -> None:
        command.settle(endings.timed_out(command))

    def _stale(self, session: Session) -> None:
        """The browser does not know the session, and we had not heard of its end."""
        self.sessions.pop(session.session_id, None)
        self._tell_lost(session, "session_detached")
        self._end_session(session, "the browser does not know it any more")

    # --- sessions

    def is_idle(self, session: Session) -> bool:
        """Whether its page waits for nothing of ours: no command, no dialog, no end."""
        if session.make_error is not None or session.closing or session.dialog_open:
            return False
        return all(command.session is not session for command in self.protocol.pending.values())

    async def attach(self, target_id: str, timeout_s: float | None = None) -> Session:
        """Attach a flattened session to a page target; CdpError when it is gone."""
        asked = {"targetId": target_id, "flatten": True}
        while target_id in self._crashed_early:  # that was before: it may have a new renderer by now
            self._crashed_early.remove(target_id)
        attached = await self.call("Target.attachToTarget", asked, timeout_s=timeout_s, into=_Attached)
        session = Session(self, target_id, attached.session_id)
        if self.lost_reason is not None:  # both came between the reply and this line
            raise endings.connection_lost(self.browser_id, self.lost_reason)[1]("Target.attachToTarget")
        if session.session_id in self._ended_early:
            raise SessionDetachedError(
                "the session ended as soon as it stood",
                method="Target.attachToTarget",
                may_have_happened=False,
                why="its target was closed",
            )
        self.sessions[session.session_id] = session
        if target_id in self._crashed_early:  # since it was asked for: what it says is answered by nobody
            self._crashed(session)
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


def _read_result(command: InFlight, raw: msgspec.Raw, into: Any) -> Any:
    try:
        return read(raw, into)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        unreadable = ProtocolError(command.method, 0, f"its reply cannot be read: {error}")
        unreadable.may_have_happened = command.may_have_happened
        raise unreadable from error

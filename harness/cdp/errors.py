"""What a CDP command can end in. Each error says whether the command may have had its effect: nothing that may have
happened is ever repeated silently."""

from __future__ import annotations

from typing import Any

from harness.basics.errors import EnvironmentLacksError, OperationError
from harness.basics.exit_codes import ExitCode
from harness.basics.failures import Cause


class CdpError(OperationError):
    """A command failed. `method` names it; `may_have_happened` is False only where that is certain."""

    code = "cdp_failed"

    def __init__(self, what: str, *, method: str, may_have_happened: bool, **more: Any) -> None:
        super().__init__(what, may_have_happened=may_have_happened, method=method, **more)
        self.method = method


class ConnectionLostError(CdpError):
    """The connection ended while the command waited, or before it was sent."""

    code = "connection_lost"
    default_cause = Cause.CONNECTION_LOST


class SessionDetachedError(CdpError):
    """The session ended (target closed, or detached by someone) while the command waited, or before."""

    code = "session_detached"
    default_cause = Cause.SESSION_DETACHED


class TargetCrashedError(CdpError):
    """The renderer behind the session crashed or was killed."""

    code = "target_crashed"
    default_cause = Cause.RENDERER_CRASHED


class CommandTimeoutError(CdpError):
    """No reply came within the command's deadline; a late one is counted and dropped."""

    code = "command_timeout"
    default_cause = Cause.COMMAND_TIMEOUT


_BROKEN_OFF = (
    "Inspected target navigated or closed",
    "Promise was collected",
    "Execution context was destroyed",
    "Target crashed",
)
"""Refusals of what may have begun already: the page went away under it."""


class ProtocolError(CdpError):
    """The browser refused the command, or broke it off; `error_code` is its JSON-RPC code (-32001: no such session)."""

    code = "protocol_error"
    default_cause = Cause.PROTOCOL_ERROR

    def __init__(self, method: str, error_code: int, message: str) -> None:
        super().__init__(
            f"the browser refused {method}",
            method=method,
            may_have_happened=message.startswith(_BROKEN_OFF),
            why=f"{message} ({error_code})",
            error_code=error_code,
        )
        self.error_code = error_code
        self.message = message


_NO_SESSION = -32001


def refusal(method: str, code: int, message: str) -> CdpError:
    """The error of a reply: a session that the browser does not know has ended, anything else is a ProtocolError."""
    if code == _NO_SESSION:
        return SessionDetachedError(
            f"{method} found no session", method=method, may_have_happened=False, why=f"{message} ({code})"
        )
    return ProtocolError(method, code, message)


class ConnectFailedError(OperationError):
    """An endpoint did not accept a connection, or is not the browser that was expected."""

    code = "connect_failed"
    default_cause = Cause.CONNECTION_REFUSED


class BrowserGoneError(Exception):
    """The browser behind an endpoint is dead, or another one has its place: no attempt to reach it can succeed."""


class BrowserFailedError(OperationError):
    """A browser could not be started, or its restart budget is spent; `why` holds what it said on stderr."""

    exit_code = ExitCode.ENVIRONMENT
    code = "browser_failed"
    default_todo = "`harness doctor` starts the browser alone and shows what it says"
    default_cause = Cause.BROWSER_START_FAILED


class BrowserMissingError(EnvironmentLacksError):
    """No browser was found on this machine. Exit 4."""

    code = "no_browser"

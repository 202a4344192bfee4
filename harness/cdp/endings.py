"""What commands learn when their connection, their session or their deadline ends: one error for those that wait, and one
for those that come later and are not sent."""

from __future__ import annotations

from collections.abc import Callable

from harness.cdp.errors import (
    CdpError,
    CommandTimeoutError,
    ConnectionLostError,
    SessionDetachedError,
    TargetCrashedError,
)
from harness.cdp.in_flight import InFlight

ForWaiting = Callable[[InFlight], CdpError]
ForLater = Callable[[str], CdpError]


def connection_lost(browser_id: str, reason: str) -> tuple[ForWaiting, ForLater]:
    """The connection has ended."""

    def waiting(command: InFlight) -> CdpError:
        return ConnectionLostError(
            f"the connection to browser {browser_id} ended while {command.method} waited",
            method=command.method,
            may_have_happened=command.may_have_happened,
            why=reason,
        )

    def later(method: str) -> CdpError:
        return ConnectionLostError(
            f"{method} was not sent: the connection to browser {browser_id} has ended",
            method=method,
            may_have_happened=False,
            why=reason,
        )

    return waiting, later


def session_ended(why: str) -> tuple[ForWaiting, ForLater]:
    """One session has ended: its target was closed, or it was detached."""

    def waiting(command: InFlight) -> CdpError:
        return SessionDetachedError(
            f"the session ended while {command.method} waited",
            method=command.method,
            may_have_happened=command.may_have_happened,
            why=why,
        )

    def later(method: str) -> CdpError:
        return SessionDetachedError(
            f"{method} was not sent: the session has ended", method=method, may_have_happened=False, why=why
        )

    return waiting, later


def renderer_crashed() -> tuple[ForWaiting, ForLater]:
    """The renderer of one session is gone: Chromium answers most of what waits for it never."""

    def waiting(command: InFlight) -> CdpError:
        return TargetCrashedError(
            f"the renderer crashed while {command.method} waited",
            method=command.method,
            may_have_happened=command.may_have_happened,
            why="its target crashed",
        )

    def later(method: str) -> CdpError:
        return TargetCrashedError(
            f"{method} was not sent: the renderer has crashed",
            method=method,
            may_have_happened=False,
            why="its target crashed",
        )

    return waiting, later


def timed_out(command: InFlight) -> CdpError:
    """No reply came in time; a late one is counted and dropped."""
    return CommandTimeoutError(
        f"{command.method} was not answered within {command.deadline_s:g} s",
        method=command.method,
        may_have_happened=command.may_have_happened,
        why="the page or the browser is busy, hung or waiting for headers"
        if command.sent
        else "the browser does not read: it was not sent",
    )

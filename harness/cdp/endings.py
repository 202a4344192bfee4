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
    gone = f"the connection to browser {browser_id}"
    return _pair(ConnectionLostError, f"{gone} ended", f"{gone} has ended", reason)


def session_ended(why: str) -> tuple[ForWaiting, ForLater]:
    """One session has ended: its target was closed, or it was detached."""
    return _pair(SessionDetachedError, "the session ended", "the session has ended", why)


def renderer_crashed() -> tuple[ForWaiting, ForLater]:
    """The renderer of one session is gone: Chromium answers most of what waits for it never."""
    return _pair(TargetCrashedError, "the renderer crashed", "the renderer has crashed", "its target crashed")


def _pair(kind: type[CdpError], ended: str, has_ended: str, why: str) -> tuple[ForWaiting, ForLater]:
    def waiting(command: InFlight) -> CdpError:
        return kind(
            f"{ended} while {command.method} waited",
            method=command.method,
            may_have_happened=command.may_have_happened,
            why=why,
        )

    def later(method: str) -> CdpError:
        return kind(f"{method} was not sent: {has_ended}", method=method, may_have_happened=False, why=why)

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

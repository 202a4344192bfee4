"""Ports that the CDP floor declares for what lives above it: who may write, and who has to know of a lost connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from harness.cdp.connection import Connection
    from harness.cdp.in_flight import InFlight


class Fence(Protocol):
    """Asked before each write is sent, in the same loop step: nothing can come between the answer and the send."""

    def check(self, scope: str, guards: Sequence[object], method: str) -> None:
        """Return when `guards` (leases, opaque here) allow a write to `scope`; raise OwnershipViolationError otherwise."""
        ...


class ConnectionLostPort(Protocol):
    """Told before any waiter learns of the loss, so that every lease of the lost connection is void by then."""

    def __call__(self, browser_id: str, reason: str) -> None:
        """Revoke what `browser_id` held."""
        ...


class RendererHungPort(Protocol):
    """Told before the target of a hung renderer is closed: its owner loses it first."""

    def __call__(self, scope: str, reason: str) -> None:
        """Revoke the lease of `scope`, where there is one."""
        ...


class Quiesce(Protocol):
    """A safe point, asked for before a planned restart."""

    async def quiesce(self, deadline_s: float) -> bool:
        """Let nothing new begin on the browser, and return True when nothing is at work; False past the deadline."""
        ...

    def resume(self) -> None:
        """Let work begin again."""
        ...


class CommandObserver(Protocol):
    """Told of each command once it is over, in its sender's own task: correlation is bound there."""

    def __call__(self, connection: Connection, command: InFlight, outcome: str, duration_ns: int) -> None:
        """outcome: `ok`, `cancelled`, or the code of the error."""
        ...


class OpenFence:
    """Lets every write pass: for tools that own a browser alone (doctor, tests of this floor)."""

    def check(self, scope: str, guards: Sequence[object], method: str) -> None:
        """Allow."""

"""The transport port: whole CDP messages in order, pushed to one receiver as they come, and sent in batches.

Nothing here waits for a browser that does not read: a transport says `pause` when its buffer is full, and the connection
keeps its commands until `resume`, so that none of them is on its way when its lease is taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

MAX_MESSAGE_BYTES = 256 * 2**20
"""Larger than a full-page screenshot needs; a WebSocket reply above it ends the socket for every session on it."""


class TransportClosedError(Exception):
    """The transport has ended and took nothing; its receiver is told, or will be."""


class Receiver(Protocol):
    """What a transport tells. It is called in the event loop and must not block; `end` comes once, and last."""

    def receive(self, data: bytes) -> None:
        """A whole message."""
        ...

    def end(self, reason: str) -> None:
        """The transport has ended; the text says how."""
        ...

    def pause(self) -> None:
        """The peer does not read: send nothing until `resume`."""
        ...

    def resume(self) -> None:
        """The peer reads again."""
        ...


class Transport(Protocol):
    """Two methods and an end."""

    def start(self, receiver: Receiver) -> None:
        """Tell this receiver from now on; what came before is told first."""
        ...

    def send(self, messages: Sequence[bytes]) -> None:
        """Hand messages over, in order; TransportClosedError when it has ended and takes none of them."""
        ...

    async def close(self) -> None:
        """End in order, within the close timeout; the receiver was told when it returns. Never raises."""
        ...

    def abort(self) -> None:
        """Cut at once, without a closing handshake: a planned fault, or a last resort."""
        ...


class Early:
    """The receiver of a transport that was not started yet: keeps what comes for the one that follows."""

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._reason: str | None = None
        self._paused = False

    def receive(self, data: bytes) -> None:
        """Keep it."""
        self._messages.append(data)

    def end(self, reason: str) -> None:
        """Keep it."""
        self._reason = reason

    def pause(self) -> None:
        """Keep it."""
        self._paused = True

    def resume(self) -> None:
        """Keep it."""
        self._paused = False

    def hand_over(self, receiver: Receiver) -> None:
        """Tell all of it, in order."""
        for message in self._messages:
            receiver.receive(message)
        if self._paused:
            receiver.pause()
        if self._reason is not None:
            receiver.end(self._reason)

"""One flattened session on one page target, the leases under which it is written to, and the journal of its set-up."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.cdp.command import Command, R
from harness.cdp.errors import CdpError
from harness.cdp.events import EventSource, Params

if TYPE_CHECKING:
    from harness.cdp.connection import Connection


class Journal:
    """Set-up commands of a page, in order; a later one with the same method and key takes the earlier one's place.

    A new session of the same target has none of the overrides, scripts and enabled domains of the old one: the journal
    applies them again.
    """

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], tuple[str, Params]] = {}

    def note(self, method: str, params: Params, key: str = "") -> None:
        """Remember a set-up command."""
        self._entries.pop((method, key), None)
        self._entries[method, key] = (method, params)

    def __iter__(self) -> Iterator[tuple[str, Params]]:
        return iter(list(self._entries.values()))


class Session(EventSource):
    """Handle of one `sessionId`. It can read; writing needs the leases that a `Writer` carries.

    correlation: ids of whoever uses the page now, for events born in the reader's task. make_error: set once the session
    has ended; every later command gets the error it makes.
    """

    def __init__(self, connection: Connection, target_id: str, session_id: str) -> None:
        super().__init__()
        self.connection = connection
        self.target_id = target_id
        self.session_id = session_id
        self.scope = f"session:{target_id}"
        self.correlation: Mapping[str, str] = {}
        self.closing = False
        self.crashed = False
        self.dialog_open = False

    def call(self, method: str, params: Params | None = None, **options: Any) -> Coroutine[Any, Any, Any]:
        """Send a command of this session; options as in `Connection.call`."""
        return self.connection.call(method, params, session=self, **options)

    def send(self, command: Command[R], **options: Any) -> Coroutine[Any, Any, R]:
        """Send a typed command of this session; as `Connection.send`."""
        return self.connection.send(command, session=self, **options)

    def writer(self, guards: Sequence[object]) -> Writer:
        """A handle that writes under these leases."""
        return Writer(self, guards)

    def crash(self, make_error: Callable[[str], CdpError]) -> None:
        """The renderer is gone: as `end`, but a navigation may bring the session back to life."""
        self.crashed = True
        self.end(make_error)

    def revive(self) -> None:
        """A navigation has given the crashed target a new renderer: commands pass again."""
        if self.crashed:
            self.crashed, self.make_error = False, None


class Writer:
    """A session and the leases under which one owner writes to it; void as soon as one of them is."""

    def __init__(self, session: Session, guards: Sequence[object]) -> None:
        self.session = session
        self.guards = tuple(guards)

    def call(self, method: str, params: Params | None = None, **options: Any) -> Coroutine[Any, Any, Any]:
        """Send a command under these leases; options as in `Connection.call`."""
        session = self.session
        return session.connection.call(method, params, session=session, guards=self.guards, **options)

    def send(self, command: Command[R], **options: Any) -> Coroutine[Any, Any, R]:
        """Send a typed command under these leases; as `Connection.send`."""
        session = self.session
        return session.connection.send(command, session=session, guards=self.guards, **options)

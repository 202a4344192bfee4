"""One flattened session on one page target: events by name, bounded subscriptions, and the journal of its set-up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pyee.base import EventEmitter

from harness.cdp.command import Command, R
from harness.cdp.errors import CdpError

if TYPE_CHECKING:
    from harness.cdp.connection import Connection

Params = dict[str, Any]
Handler = Callable[[Params], None]


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


class Session:
    """Handle of one `sessionId`. It can read; writing needs the leases that a `Writer` carries.

    correlation: ids of whoever uses the page now, for events born in the reader's task. make_error: set once the session
    has ended; every later command gets the error it makes.
    """

    def __init__(self, connection: Connection, target_id: str, session_id: str) -> None:
        self.connection = connection
        self.target_id = target_id
        self.session_id = session_id
        self.events = EventEmitter()
        self.correlation: Mapping[str, str] = {}
        self.closing = False
        self.crashed = False
        self.make_error: Callable[[str], CdpError] | None = None
        self._expecting: set[asyncio.Future[Params]] = set()
        self._streams: set[EventStream] = set()

    async def call(self, method: str, params: Params | None = None, **options: Any) -> Any:
        """Send a command of this session; options as in `Connection.call`."""
        return await self.connection.call(method, params, session=self, **options)

    async def send(self, command: Command[R], **options: Any) -> R:
        """Send a typed command of this session; as `Connection.send`."""
        return await self.connection.send(command, session=self, **options)

    def writer(self, guards: Sequence[object]) -> Writer:
        """A handle that writes under these leases."""
        return Writer(self, guards)

    def on(self, method: str, handler: Handler) -> None:
        """Call `handler(params)` in the reader for each such event: it must only note or enqueue, never wait."""
        self.events.on(method, handler)

    def off(self, method: str, handler: Handler) -> None:
        """Stop calling `handler`."""
        self.events.remove_listener(method, handler)

    @contextmanager
    def expect(
        self, method: str, matches: Callable[[Params], bool] = lambda _: True
    ) -> Iterator[asyncio.Future[Params]]:
        """`with session.expect("Page.loadEventFired") as event: …; await event`: armed before the block runs.

        The future fails with the session's error when the session ends first.
        """
        future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()

        def note(params: Params) -> None:
            if not future.done() and matches(params):
                future.set_result(params)

        self._expecting.add(future)
        self.on(method, note)
        if self.make_error is not None:
            future.set_exception(self.make_error(method))
        try:
            yield future
        finally:
            self.off(method, note)
            self._expecting.discard(future)
            if future.done() and not future.cancelled():
                future.exception()
            future.cancel()

    @contextmanager
    def stream(self, *methods: str, limit: int = 1000) -> Iterator[EventStream]:
        """A bounded subscription; the oldest events are dropped, and counted, when nobody takes them."""
        stream = EventStream(limit)
        handlers = {method: stream.handler(method) for method in methods}
        for method, handler in handlers.items():
            self.on(method, handler)
        self._streams.add(stream)
        if self.make_error is not None:
            stream.end()
        try:
            yield stream
        finally:
            self._streams.discard(stream)
            for method, handler in handlers.items():
                self.off(method, handler)

    def end(self, make_error: Callable[[str], CdpError]) -> None:
        """The session is over: everyone who waits on its events learns why."""
        self.make_error = make_error
        for future in list(self._expecting):
            if not future.done():
                future.set_exception(make_error("an awaited event"))
        for stream in list(self._streams):
            stream.end()

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

    async def call(self, method: str, params: Params | None = None, **options: Any) -> Any:
        """Send a command under these leases; options as in `Connection.call`."""
        return await self.session.call(method, params, guards=self.guards, **options)

    async def send(self, command: Command[R], **options: Any) -> R:
        """Send a typed command under these leases; as `Connection.send`."""
        return await self.session.send(command, guards=self.guards, **options)


class EventStream:
    """Async iterator over (method, params); `dropped` counts what its bound cost."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._events: deque[tuple[str, Params]] = deque(maxlen=limit)
        self._wake = asyncio.Event()
        self._over = False

    def handler(self, method: str) -> Handler:
        """The reader's side: enqueue only."""

        def note(params: Params) -> None:
            if len(self._events) == self._events.maxlen:
                self.dropped += 1
            self._events.append((method, params))
            self._wake.set()

        return note

    def end(self) -> None:
        """No more events come; the iterator ends after those it holds."""
        self._over = True
        self._wake.set()

    async def __aiter__(self) -> AsyncIterator[tuple[str, Params]]:
        while True:
            while self._events:
                yield self._events.popleft()
            if self._over:
                return
            self._wake.clear()
            await self._wake.wait()

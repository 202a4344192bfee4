"""Events by name, for a session or for a connection itself: any number of handlers, each subscription bounded.

Handlers registered with `on` run in the reader and only note or enqueue. User code runs in its subscriber's own task: it
awaits `expect`, iterates over a `stream`, or hands a coroutine function to `serve`; what a slow one costs is dropped
from its own buffer, and counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal

from pyee.base import EventEmitter

from harness.cdp.errors import CdpError

Params = dict[str, Any]
Handler = Callable[[Params], None]
Drop = Literal["oldest", "newest"]


class EventSource:
    """make_error: set once the source has ended; whoever waits for an event gets the error that it makes."""

    def __init__(self) -> None:
        self.make_error: Callable[[str], CdpError] | None = None
        self._emitter = EventEmitter()
        self._calls: dict[
            str, tuple[Handler, ...]
        ] = {}  # pyee's listeners as of the last change: told without its lock
        self._expecting: set[asyncio.Future[Params]] = set()
        self._streams: set[EventStream] = set()

    def hears(self, method: str) -> bool:
        """Whether anybody listens: an event that nobody hears is never decoded."""
        return method in self._calls

    def emit(self, method: str, params: Params) -> None:
        """Tell every handler; raises what one of them raised."""
        for handler in self._calls.get(method, ()):
            handler(params)

    def on(self, method: str, handler: Handler) -> None:
        """Call `handler(params)` in the reader for each such event: it must only note or enqueue, never wait."""
        self._emitter.on(method, handler)
        self._listed(method)

    def off(self, method: str, handler: Handler) -> None:
        """Stop calling `handler`."""
        self._emitter.remove_listener(method, handler)
        self._listed(method)

    def _listed(self, method: str) -> None:
        handlers = tuple(self._emitter.listeners(method))
        if handlers:
            self._calls[method] = handlers
        else:
            self._calls.pop(method, None)

    def expect(
        self, method: str, matches: Callable[[Params], bool] = lambda _: True, timeout_s: float = 30.0
    ) -> Expectation:
        """The next such event; armed before the block runs.

            async with session.expect("Page.loadEventFired") as loaded:    # awaited at the end of the block
                await session.call("Page.navigate", {"url": url})
            loaded.result()                                                # its params

        `with` instead of `async with` leaves the awaiting to the block. The future fails with the source's error when
        that ends first; `async with` raises TimeoutError after `timeout_s`.
        """
        return Expectation(self, method, matches, timeout_s)

    @contextmanager
    def stream(self, *methods: str, limit: int = 1000, drop: Drop = "oldest") -> Iterator[EventStream]:
        """A bounded subscription; when nobody takes its events, the oldest or the newest are dropped, and counted."""
        stream = EventStream(limit, drop)
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

    async def serve(
        self, method: str, handler: Callable[[Params], Awaitable[None]], *, limit: int = 1000, drop: Drop = "oldest"
    ) -> int:
        """Await `handler(params)` for one event after the other, in the task that calls this, until the source ends;
        returns how many events were dropped meanwhile."""
        with self.stream(method, limit=limit, drop=drop) as stream:
            async for _, params in stream:
                await handler(params)
            return stream.dropped

    def end(self, make_error: Callable[[str], CdpError]) -> None:
        """No more events: everyone who waits for one learns why."""
        self.make_error = make_error
        for future in list(self._expecting):
            if not future.done():
                future.set_exception(make_error("an awaited event"))
        for stream in list(self._streams):
            stream.end()

    @property
    def subscribers(self) -> int:
        """Registered handlers, those of streams and expectations among them."""
        return sum(len(handlers) for handlers in self._calls.values())

    @property
    def buffered(self) -> int:
        """Events that wait in the buffers of all streams."""
        return sum(len(stream) for stream in self._streams)


class Expectation:
    """One awaited event; see `EventSource.expect`."""

    def __init__(self, source: EventSource, method: str, matches: Callable[[Params], bool], timeout_s: float) -> None:
        self._source = source
        self._method = method
        self._matches = matches
        self._timeout_s = timeout_s
        self._future: asyncio.Future[Params] = asyncio.get_running_loop().create_future()

    def _note(self, params: Params) -> None:
        if not self._future.done() and self._matches(params):
            self._future.set_result(params)

    def __enter__(self) -> asyncio.Future[Params]:
        source = self._source
        source._expecting.add(self._future)  # noqa: SLF001 - one mechanism in two classes
        source.on(self._method, self._note)
        if source.make_error is not None:
            self._future.set_exception(source.make_error(self._method))
        return self._future

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.off(self._method, self._note)
        self._source._expecting.discard(self._future)  # noqa: SLF001
        if self._future.done() and not self._future.cancelled():
            self._future.exception()
        self._future.cancel()

    async def __aenter__(self) -> asyncio.Future[Params]:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                async with asyncio.timeout(self._timeout_s):
                    await self._future
        except TimeoutError:
            raise TimeoutError(f"no {self._method} within {self._timeout_s:g} s") from None
        finally:
            self.__exit__(kind, error, trace)


class EventStream:
    """Async iterator over (method, params); `dropped` counts what its bound cost."""

    def __init__(self, limit: int, drop: Drop = "oldest") -> None:
        self.dropped = 0
        self._limit = limit
        self._drop = drop
        self._events: deque[tuple[str, Params]] = deque()
        self._wake = asyncio.Event()
        self._over = False

    def __len__(self) -> int:
        return len(self._events)

    def handler(self, method: str) -> Handler:
        """The reader's side: enqueue only."""

        def note(params: Params) -> None:
            if len(self._events) >= self._limit:
                self.dropped += 1
                if self._drop == "newest":
                    return
                self._events.popleft()
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

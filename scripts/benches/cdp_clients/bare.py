"""Our bare loops: the least that a CDP client in Python does on a transport. Nothing here has a deadline or an owner.

variant: `websockets+json`, `websockets+msgspec+uvloop`, `picows+msgspec+uvloop`, `pipe+msgspec+uvloop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from scripts.benches.cdp_clients.measure import Job, main

WHERE = "(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('#go').getBoundingClientRect())"
READ = "document.querySelector('#out').textContent"
MAX_BYTES = 256 * 2**20

Heard = Callable[[Any], None]


class Page:
    """One flattened session."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id


class Bare:
    """Pending futures by id, listeners by session and method, and one function for each direction."""

    def __init__(self) -> None:
        self.pending: dict[int, asyncio.Future[Any]] = {}
        self.listeners: dict[tuple[str, str], Heard] = {}
        self.number = 0
        self.encode: Callable[[Any], bytes]
        self.receive: Callable[[Any], None]
        self.send: Callable[[bytes], Awaitable[None]]
        self.end: Callable[[], Awaitable[None]]

    async def start(self, job: Job) -> None:
        """Connect by the variant's transport; a pipe needs a browser of its own."""
        transport, codec, *_ = job.variant.split("+")
        self.encode, self.receive = (json_codec if codec == "json" else msgspec_codec)(self.pending, self.listeners)
        if transport == "websockets":
            await self._over_websockets(job.endpoint)
        elif transport == "picows":
            await self._over_picows(job.endpoint)
        else:
            await self._over_pipe(job)

    async def call(self, method: str, params: dict[str, Any], session_id: str = "") -> Any:
        """Send a command and await its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session_id:
            message["sessionId"] = session_id
        future = self.pending[self.number] = asyncio.get_running_loop().create_future()
        await self.send(self.encode(message))
        return await future

    # --- what is measured

    async def open(self, context: str = "") -> Page:
        """A page in the default context or in another, with a session."""
        where = {"browserContextId": context} if context else {}
        target = await self.call("Target.createTarget", {"url": "about:blank", **where})
        attached = await self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        page = Page(attached["sessionId"])
        await self.call("Page.enable", {}, page.session_id)
        return page

    async def evaluate(self, page: Page, expression: str) -> Any:
        """`Runtime.evaluate`, by value."""
        params = {"expression": expression, "returnByValue": True}
        return (await self.call("Runtime.evaluate", params, page.session_id))["result"].get("value")

    async def listen(self, page: Page, heard: Callable[[str], None]) -> None:
        """Console messages, decoded."""
        self.listeners[page.session_id, "Runtime.consoleAPICalled"] = lambda params: heard(params["args"][0]["value"])
        await self.call("Runtime.enable", {}, page.session_id)

    async def load(self, page: Page, url: str) -> None:
        """Go there and wait for the load event."""
        loaded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        event = page.session_id, "Page.loadEventFired"
        self.listeners[event] = lambda _: None if loaded.done() else loaded.set_result(None)
        await self.call("Page.navigate", {"url": url}, page.session_id)
        await loaded
        del self.listeners[event]

    async def flow(self, page: Page, url: str) -> str:
        """Waits for the load event; clicks with the mouse."""
        await self.load(page, url)
        x, y = await self.evaluate(page, WHERE)
        at = {"x": x, "y": y, "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", {"type": "mousePressed", **at}, page.session_id)
        await self.call("Input.dispatchMouseEvent", {"type": "mouseReleased", **at}, page.session_id)
        return str(await self.evaluate(page, READ))

    async def stop(self) -> None:
        """Cut."""
        await self.end()

    # --- transports

    async def _over_websockets(self, endpoint: str) -> None:
        from websockets.asyncio.client import connect
        from websockets.exceptions import ConnectionClosed

        socket = await connect(endpoint, compression=None, proxy=None, max_size=MAX_BYTES, ping_interval=None)

        async def read() -> None:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    self.receive(await socket.recv(decode=False))

        reader = asyncio.create_task(read())

        async def send(data: bytes) -> None:
            await socket.send(data, text=True)

        async def end() -> None:
            await socket.close()
            await reader

        self.send, self.end = send, end

    async def _over_picows(self, endpoint: str) -> None:
        import picows

        receive, closed = self.receive, asyncio.Event()

        class Listener(picows.WSListener):  # type: ignore[misc]
            def on_ws_frame(self, _transport: Any, frame: Any) -> None:
                if frame.msg_type == picows.WSMsgType.TEXT:
                    receive(frame.get_payload_as_memoryview())

            def on_ws_disconnected(self, _transport: Any) -> None:
                closed.set()

        transport, _ = await picows.ws_connect(Listener, endpoint, max_frame_size=MAX_BYTES)

        async def send(data: bytes) -> None:
            transport.send(picows.WSMsgType.TEXT, data)

        async def end() -> None:
            transport.disconnect()
            await closed.wait()

        self.send, self.end = send, end

    async def _over_pipe(self, job: Job) -> None:
        pid, ours_in, ours_out = _launch_with_pipe(job)
        receive = self.receive

        class Frames(asyncio.Protocol):
            rest = b""

            def data_received(self, data: bytes) -> None:
                *frames, self.rest = (self.rest + data).split(b"\0")
                for frame in frames:
                    receive(frame)

        loop = asyncio.get_running_loop()
        reading, _ = await loop.connect_read_pipe(Frames, os.fdopen(ours_in, "rb", 0))
        writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(ours_out, "wb", 0))

        async def send(data: bytes) -> None:
            writing.write(data + b"\0")

        async def end() -> None:
            writing.close()
            reading.close()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            await asyncio.to_thread(os.waitpid, pid, 0)

        self.send, self.end = send, end


def _launch_with_pipe(job: Job) -> tuple[int, int, int]:
    """A browser with its two pipes on descriptors 3 and 4: its id, and our ends for reading and for writing."""
    to_browser, ours_out = os.pipe()
    ours_in, from_browser = os.pipe()
    # Above 4, so that neither is in the way of the two numbers that Chromium reads and writes.
    theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (to_browser, from_browser)]
    flags = [*job.flags, f"--user-data-dir={job.scratch}/pipe-profile", "--remote-debugging-pipe"]
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    actions += [(os.POSIX_SPAWN_DUP2, theirs[0], 3), (os.POSIX_SPAWN_DUP2, theirs[1], 4)]
    command = [job.browser, *flags, "about:blank"]
    pid = os.posix_spawn(job.browser, command, os.environ, file_actions=actions, setpgroup=0)
    for fd in (to_browser, from_browser, *theirs, null):
        os.close(fd)
    return pid, ours_in, ours_out


# --- codecs

Pending = dict[int, "asyncio.Future[Any]"]
Listeners = dict[tuple[str, str], Heard]
Codec = tuple[Callable[[Any], bytes], Callable[[Any], None]]


def json_codec(pending: Pending, listeners: Listeners) -> Codec:
    """The standard library's json: every frame is decoded whole."""

    def receive(data: Any) -> None:
        message = json.loads(data)
        if "id" in message:
            _settle(pending.pop(message["id"]), message.get("result"), message.get("error"))
            return
        heard = listeners.get((message.get("sessionId", ""), message["method"]))
        if heard is not None:
            heard(message["params"])

    return lambda message: json.dumps(message).encode(), receive


def msgspec_codec(pending: Pending, listeners: Listeners) -> Codec:
    """Envelopes through msgspec; an event that nobody listens to stays raw."""
    import msgspec

    fields: list[tuple[str, Any, Any]] = [
        ("id", int | None, None),
        ("method", str, ""),
        ("sessionId", str, ""),
        ("error", Any, None),
    ]
    fields += [("params", msgspec.Raw, msgspec.Raw()), ("result", msgspec.Raw, msgspec.Raw())]
    envelope = msgspec.json.Decoder(msgspec.defstruct("Envelope", fields)).decode
    plain = msgspec.json.Decoder().decode

    def receive(data: Any) -> None:
        message: Any = envelope(data)
        if message.id is not None:
            _settle(pending.pop(message.id), plain(message.result) if message.error is None else None, message.error)
            return
        heard = listeners.get((message.sessionId, message.method))
        if heard is not None:
            heard(plain(message.params))

    return msgspec.json.Encoder().encode, receive


def _settle(future: asyncio.Future[Any], result: Any, error: Any) -> None:
    if error is not None:
        future.set_exception(RuntimeError(str(error)))
    elif not future.done():
        future.set_result(result)


if __name__ == "__main__":
    if "+uvloop" in sys.argv[1]:
        import uvloop

        main(Bare, uvloop.run)
    else:
        main(Bare)

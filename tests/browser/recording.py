"""A small client that notes what any CDP endpoint tells it, so that two browsers can be compared signal by signal."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from harness.cdp.finding import BrowserBinary
from harness.cdp.launch import BrowserProcess, LaunchOptions
from harness.testing.sim_browser import Document, Fault, SimBrowser, SimServer
from tests.browser.live import HANG, Answer, DataSite

_NOISE = {
    "Target.targetInfoChanged",
    "Network.policyUpdated",
    "Network.dataReceived",
    "Network.resourceChangedPriority",
    "Network.requestServedFromCache",
    "Network.requestWillBeSentExtraInfo",
    "Network.responseReceivedExtraInfo",
    "Page.frameScheduledNavigation",
    "Page.frameClearedScheduledNavigation",
    "Page.windowOpen",
}
_LIFE = {"init", "DOMContentLoaded", "load"}


class Client:
    """told: normalised signals in order, replies among them: ids, times and addresses are left out."""

    def __init__(self, socket: ClientConnection) -> None:
        self.told: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._socket = socket
        self._number = 0
        self._waiting: dict[int, tuple[str, asyncio.Future[dict[str, Any]]]] = {}
        self._heard = asyncio.Event()
        self.closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read(self) -> None:
        """Note everything until the connection ends."""
        try:
            async for data in self._socket:
                self._note(json.loads(data))
        except ConnectionClosed:
            pass  # what it closed with is asked below
        self.closed.set_result(int(self._socket.close_code or 0))
        self._heard.set()

    def _note(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self.events.append(message)
            line = _event(message)
            if line:
                self.told.append(line)
        elif "id" not in message:
            self.told.append(f"error without id {message['error']['code']}")
        elif message["id"] in self._waiting:
            name, future = self._waiting.pop(message["id"])
            self.told.append(f"{name} -> {_reply(message)}")
            future.set_result(message)
        self._heard.set()

    async def send(self, method: str, session: str = "", name: str = "", **params: Any) -> asyncio.Future[Any]:
        """Send a command, under a name of its own among the signals."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": params}
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = (name or method, future)
        await self._socket.send(json.dumps(command | ({"sessionId": session} if session else {})))
        return future

    async def raw(self, data: str | bytes) -> None:
        """Send anything."""
        await self._socket.send(data)

    async def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """Send a command and wait for its result, empty where it is refused."""
        reply = await (await self.send(method, session, **params))
        return dict(reply.get("result", {}))

    async def evaluate(self, session: str, expression: str) -> Any:
        """The value of an expression."""
        found = await self.call("Runtime.evaluate", session, expression=expression, returnByValue=True)
        return found["result"].get("value")

    async def until(self, line: str) -> None:
        """Wait for a signal that begins so."""
        async with asyncio.timeout(60):
            while not any(told.startswith(line) for told in self.told):
                self._heard.clear()
                await self._heard.wait()

    async def page(self, *enabled: str, url: str = "about:blank", **context: Any) -> tuple[str, str]:
        """A new page and its session; its set-up is not among the signals."""
        target = (await self.call("Target.createTarget", url=url, **context))["targetId"]
        session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        await self.call("Page.getFrameTree", session)  # it stands
        for domain in enabled:
            await self.call(f"{domain}.enable", session)
        self.told.clear()
        return target, session

    def unanswered(self) -> list[str]:
        """The names of the commands that have no reply."""
        return [name for name, _ in self._waiting.values()]

    async def quiet(self) -> None:
        """What the browser had to tell of what was sent before has been told: it answers two more commands."""
        for _ in range(2):
            await self.call("Browser.getVersion")
        self.told = [line for line in self.told if not line.startswith("Browser.getVersion")]

    def cut(self) -> None:
        """Drop the connection without a word."""
        self._socket.transport.abort()


def _event(message: dict[str, Any]) -> str:
    method, params = message["method"], message.get("params", {})
    if method in _NOISE or (method.startswith("Network.") and params.get("type", "Document") != "Document"):
        return ""
    if method == "Page.lifecycleEvent":
        return f"{method} {params['name']}" if params["name"] in _LIFE else ""
    if method == "Network.responseReceived":
        return f"{method} {params['response']['status']}"
    if method == "Page.frameNavigated":
        return f"{method} {'unreachable' if 'unreachableUrl' in params['frame'] else ''}".strip()
    for key in ("errorText", "errorCode", "type", "navigationType"):
        if key in params and method != "Runtime.executionContextCreated":
            return f"{method} {params[key]}"
    return str(method)


def _reply(message: dict[str, Any]) -> str:
    if "error" in message:
        return f"{message['error']['code']} {message['error']['message']}"
    result = message["result"]
    told = [str(result[key]) for key in ("errorText", "success") if key in result]
    if result.get("isDownload"):
        told.append("download")
    return " ".join(["ok", *told])


@asynccontextmanager
async def client(endpoint: str, **options: Any) -> AsyncIterator[Client]:
    """A client of this endpoint."""
    async with connect(endpoint, compression=None, ping_interval=None, close_timeout=0.2, **options) as socket:
        made = Client(socket)
        reader = asyncio.create_task(made.read(), name="recording client")
        try:
            yield made
        finally:
            await socket.close()
            await reader


class Side:
    """A browser under comparison: the real one or the simulated one."""

    def __init__(self, endpoint: Callable[[], str], origin: str, browser: BrowserProcess | SimBrowser) -> None:
        self._endpoint, self.origin, self._browser = endpoint, origin, browser

    @property
    def endpoint(self) -> str:
        return self._endpoint()

    @property
    def process(self) -> BrowserProcess | None:
        """The real browser, where this is it."""
        return self._browser if isinstance(self._browser, BrowserProcess) else None

    def strike(self, kind: Any, **more: Any) -> None:
        """Let a fault happen in the simulated one."""
        assert isinstance(self._browser, SimBrowser)
        self._browser.strike(Fault(kind=kind, **more))

    def client(self, **options: Any) -> Any:
        return client(self.endpoint, **options)


@asynccontextmanager
async def real_side(path: Path, site: DataSite) -> AsyncIterator[Side]:
    """Chromium, and the pages of the comparison behind a real server."""
    download = {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment; filename=x.bin"}
    site.answers |= {
        "/a": "<title>A</title>a",
        "/b": "<title>B</title>b",
        "/500": Answer("<title>oops</title>x", 500),
        "/204": Answer("", 204),
        "/download": Answer("bytes", 200, download),
        "/cut": Answer("short", 200, {"Content-Length": "1000"}),
        "/redirect": Answer("", 302, {"Location": "/a"}),
        "/hang": HANG,
    }
    options = LaunchOptions(BrowserBinary(path, "headless-shell", "test"), no_sandbox=True, start_timeout_s=60.0)
    process = await BrowserProcess.start(options)
    try:
        yield Side(lambda: process.endpoint, site.origin, process)
    finally:
        await process.stop()


@asynccontextmanager
async def simulated_side() -> AsyncIterator[Side]:
    """The simulated browser, and the same pages as data."""
    origin = "http://127.0.0.1:8000"
    pages = {
        "/a": Document(title="A"),
        "/b": Document(title="B"),
        "/500": Document(title="oops", status=500),
        "/204": Document(status=204, ending="no_content"),
        "/download": Document(ending="download"),
        "/cut": Document(ending="cut_body"),
        "/redirect": Document(redirect=f"{origin}/a"),
        "/hang": Document(ending="no_headers"),
    }
    site = {origin + path: document for path, document in pages.items()}
    site["http://127.0.0.1:4/"] = Document(net_error="net::ERR_CONNECTION_REFUSED")
    browser = SimBrowser(site=site)
    async with SimServer(browser) as server:
        yield Side(lambda: server.endpoint, origin, browser)

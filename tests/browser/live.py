"""A real Chromium with one page, and a little server for the pages that a test writes itself."""

from __future__ import annotations

import base64
import random
import threading
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from harness.cdp.connection import Connection
from harness.cdp.finding import BrowserBinary
from harness.cdp.launch import LaunchOptions
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.reconnect import ReconnectPolicy
from harness.navigation.cdp_page import CdpPage
from harness.navigation.map import NavigationMap, Phase, Place, Step
from harness.navigation.registry import StrategyRegistry
from harness.navigation.replay import Replay
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from harness.testing.fake_context import FakeContext

HANG = "(never answers)"


def basic(account: str, password: str) -> str:
    """The header of HTTP basic authentication."""
    return "Basic " + base64.b64encode(f"{account}:{password}".encode()).decode()


@dataclass
class Answer:
    """What a path is answered with; an empty body has no content type either."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class DataSite:
    """Serves what `put` was given. `origin` has no slash at its end; `other_origin` is the same by another name.

    accepts: paths that welcome an account with its password, whatever they answer others.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer | str] = {}
        self.accepts: dict[str, tuple[str, str]] = {}
        self.requests: list[str] = []
        self.headers: dict[str, dict[str, str]] = {}
        self._requested: defaultdict[str, threading.Event] = defaultdict(threading.Event)
        self.ended = threading.Event()
        site = self

        class Request(BaseHTTPRequestHandler):
            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
                """Nothing is told."""

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                site.requests.append(path)
                site.headers[path] = dict(self.headers)
                site._requested[path].set()
                answer = site.answers.get(path, Answer("not here", 404))
                if answer == HANG:
                    site.ended.wait(60)
                    return
                answer = Answer(answer) if isinstance(answer, str) else answer
                if (identity := site.accepts.get(path)) and self.headers["Authorization"] == basic(*identity):
                    answer = Answer(f"welcome, {identity[0]}")
                body = answer.body.encode()
                self.send_response(answer.status)
                if body:
                    self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A browser that leaves in the middle is no matter."""

        self.server = Server(("127.0.0.1", 0), Request)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.other_origin = f"http://localhost:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), name="data site")
        self._thread.start()

    def put(self, path: str, answer: Answer | str) -> str:
        """Answer `path` so from now on; returns its URL."""
        self.answers[path] = answer
        return self.origin + path

    async def requested(self, path: str) -> None:
        """Return when `path` was asked for."""
        await anyio.to_thread.run_sync(self._requested[path].wait, 30)

    def stop(self) -> None:
        """End it; what hangs is let go."""
        self.ended.set()
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@asynccontextmanager
async def running_browser(binary: Path, **more: Any) -> AsyncIterator[CdpLifecycleManager]:
    """A browser of the harness; gone afterwards."""
    manager = CdpLifecycleManager(
        browser_id="b1",
        cohort="c1",
        cohort_index=0,
        cohorts=1,
        launch=LaunchOptions(BrowserBinary(binary, "headless-shell", "test"), no_sandbox=True),
        policy=ReconnectPolicy(),
        fence=more.pop("fence", OpenFence()),
        on_connection_lost=more.pop("on_connection_lost", lambda _browser, _reason: None),
        log=Telemetry(ListSink(), run_id="run-test").log,
        rng=random.Random(1),
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(manager.run)
        try:
            yield manager
        finally:
            manager.stop()


async def open_page(connection: Connection, **more: Any) -> CdpPage:
    """A page in a context of its own, with a session."""
    context = (await connection.call("Target.createBrowserContext", {}))["browserContextId"]
    target = await connection.call("Target.createTarget", {"url": "about:blank", "browserContextId": context})
    page = CdpPage(
        context_id=context,
        target_id=target["targetId"],
        log=more.pop("log", Telemetry(ListSink(), run_id="run-test").log),
        allowed_origins=more.pop("allowed_origins", frozenset()),
        downloads=more.pop("downloads", None),
    )
    await page.aim(connection, more.pop("guards", ()))
    return page


class Tab:
    """A page, and a way to run steps on it as a spin does: through the chain, with the shipped strategies."""

    def __init__(self, page: CdpPage, site: DataSite, registry: StrategyRegistry, manager: CdpLifecycleManager) -> None:
        self.page, self.site, self.manager = page, site, manager
        self.ctx = FakeContext(page, account="ada", secret="hush", timeout_s=8, restore=self._restore)
        page.link.log = self.ctx.log
        self._registry = registry

    async def _restore(self) -> None:
        await self.page.aim(await self.manager.ready(), ())

    async def show(self, body: str, *, head: str = "", path: str = "/") -> None:
        """Serve this as a page and go there."""
        html = f"<!doctype html><html><head><title>Test</title>{head}</head><body>{body}</body></html>"
        await self.page.navigate(self.site.put(path, html))

    async def replay(self, *steps: Step, timeout_s: float | None = None) -> None:
        """Run these steps as one phase."""
        path = NavigationMap("t", (Phase("P", steps),), "t.json", "harness", timeout_s=timeout_s)
        await Replay(path, self.ctx, self._registry).run()

    async def js(self, expression: str) -> Any:
        """The value of an expression on the page."""
        return await self.page.evaluate(expression)

    def events(self, name: str) -> list[dict[str, Any]]:
        """Events of this name so far."""
        return self.ctx.events(name)


def css(*chain: str, **more: Any) -> Place:
    """A place by one chain of selectors."""
    return Place(selectors=(chain,), **more)

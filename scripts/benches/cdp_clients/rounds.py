"""Rounds of the CDP bench: each client in turn, on a fresh browser of the same kind, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import statistics
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from harness.cdp.finding import BrowserBinary
from harness.cdp.launch import FLAGS, NO_CONSOLE_ON_STDERR, BrowserProcess, LaunchOptions
from scripts.benches.cdp_clients.measure import Job
from scripts.benches.cdp_clients.peers import NODE, ROOT, command

PAGE = b"""<!doctype html><title>bench</title><link rel="icon" href="data:,">
<button id="go" onclick="document.querySelector('#out').textContent = 'clicked'">go</button><p id="out">waiting</p>"""
CLIENT_S = 240.0


class Row(NamedTuple):
    """One client. environment: where its libraries are (see peers.py); connects: to a browser that we start for it."""

    name: str
    module: str
    variant: str
    environment: str = "peers"
    connects: bool = True


class Amount(NamedTuple):
    """How much is done in one round."""

    evaluates: int = 1000
    sessions: int = 50
    calls: int = 20
    events: int = 4000
    workers: int = 8
    flows: int = 4


class Results:
    """Figures by row and measure, one a round (None where a round has none), and the first reason for each that failed."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, list[float | None]]] = {}
        self.failed: dict[str, dict[str, str]] = {}

    def add(self, row: str, measures: Sequence[str], found: dict[str, Any]) -> None:
        """Take what one client's process said in this round."""
        by_measure = self.figures.setdefault(row, {name: [] for name in measures})
        for name in measures:
            by_measure[name].append(found.get(name))
        for part, reason in found.get("failed", {}).items():
            self.failed.setdefault(row, {}).setdefault(part, reason)

    def median(self, row: str, measure: str) -> float | None:
        """Over the rounds that have one."""
        return _median(self.figures.get(row, {}).get(measure, []))

    def ratio(self, row: str, measure: str, against: str, their_measure: str) -> float | None:
        """Median of the ratios within each round."""
        ours = self.figures.get(row, {}).get(measure, [])
        theirs = self.figures.get(against, {}).get(their_measure, [])
        return _median([a / b if a is not None and b else None for a, b in zip(ours, theirs, strict=False)])


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def browser_flags() -> list[str]:
    """Ours, but for how it is debugged; for a client that launches the browser itself."""
    flags = [flag for flag in FLAGS if not flag.startswith("--remote-debugging-")]
    return [*flags, NO_CONSOLE_ON_STDERR, "--headless", *(["--no-sandbox"] if os.getuid() == 0 else [])]


@asynccontextmanager
async def browser(binary: BrowserBinary) -> AsyncIterator[BrowserProcess]:
    """A browser of ours with a WebSocket endpoint; gone afterwards."""
    process = await BrowserProcess.start(LaunchOptions(binary, no_sandbox=True))
    try:
        yield process
    finally:
        await process.stop()


@contextmanager
def site() -> Iterator[str]:
    """The origin of a page with a button, served from a thread of this process."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
            """Nothing is told."""

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(PAGE)))
            self.end_headers()
            self.wfile.write(PAGE)

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that leaves in the middle is no matter."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), name="bench site")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def run_client(row: Row, binary: BrowserBinary, origin: str, amount: Amount) -> dict[str, Any]:
    """What the client's process says; a reason under `failed` when it says nothing that can be read."""
    with tempfile.TemporaryDirectory(prefix="harness-bench-", ignore_cleanup_errors=True) as scratch:
        job = Job(row.variant, "", str(binary.path), browser_flags(), origin, scratch, *amount)
        if not row.connects:
            return await _start(row, job)
        async with browser(binary) as process:
            return await _start(row, job._replace(endpoint=process.endpoint))


async def _start(row: Row, job: Job) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *command(row.environment, row.module),
        json.dumps(job._asdict()),
        cwd=ROOT,
        env={**os.environ, "PEERS_NODE": str(NODE)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(CLIENT_S):
            said, errors = await process.communicate()
    except TimeoutError:
        return {"failed": {"start": f"it did not end within {CLIENT_S:g} s"}}
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        last = (errors.decode(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        return {"failed": {"start": f"exit code {process.returncode}: {last}"}}
    return found

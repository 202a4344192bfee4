"""A browser that somebody else started, reached at its DevTools endpoint: it is attached to, never ended.

The endpoint is the browser's WebSocket address (`ws://host:9222/devtools/browser/<id>`), or the HTTP address of its port,
which is asked for it (`GET /json/version`, Chrome DevTools Protocol). The id in the address tells one browser from the next
on the same port.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import NamedTuple

import anyio
import anyio.to_thread
import msgspec

from harness.cdp.errors import BrowserGoneError, ConnectFailedError
from harness.cdp.process_stat import Activity
from harness.cdp.transport import Transport
from harness.cdp.websocket import WebSocketTransport

MAX_BYTES = 2**20


class RemoteEndpoint(NamedTuple):
    """Where the browser is; stands where `LaunchOptions` stand for one that is launched."""

    url: str
    start_timeout_s: float = 20.0
    no_sandbox: bool = False

    @property
    def kind(self) -> str:
        """How it runs, for the evidence."""
        return "remote"

    @property
    def where(self) -> str:
        """Its address, for the evidence."""
        return self.url


class RemoteBrowser:
    """The same surface as `BrowserProcess`, for a browser whose process is not ours: it is not known, and never ended."""

    pid = 0
    exit_code: int | None = None
    reconnectable = True

    def __init__(self, given: str, endpoint: str) -> None:
        self.endpoint = endpoint
        self.exited = asyncio.Event()
        self._given = given
        self._gone = False

    @classmethod
    async def start(cls, options: RemoteEndpoint) -> RemoteBrowser:
        """Find it; ConnectFailedError when nobody answers, or no browser does."""
        return cls(options.url, await _websocket_url(options.url, options.start_timeout_s))

    async def connect(self, timeout_s: float) -> Transport:
        """A connection to this browser; BrowserGoneError when another one has its place."""
        if self._given != self.endpoint and await _websocket_url(self._given, timeout_s) != self.endpoint:
            self._gone = True
            raise BrowserGoneError(f"another browser answers at {self._given}")
        return await WebSocketTransport.open(self.endpoint, timeout_s)

    async def identify(self) -> None:
        """Its process is somebody else's."""

    def is_alive(self) -> bool:
        """Until another one is found in its place nobody knows."""
        return not self._gone

    def activity(self) -> Activity | None:
        """Not known."""
        return None

    def pss_bytes(self) -> int:
        """Not known."""
        return 0

    def stderr_tail(self) -> str:
        """Not known."""
        return ""

    def kill(self) -> None:
        """It is not ours to end."""

    async def stop(self) -> None:
        """It is not ours to end."""
        self.exited.set()


class _Version(msgspec.Struct):
    url: str = msgspec.field(name="webSocketDebuggerUrl")


async def _websocket_url(url: str, timeout_s: float) -> str:
    if not url.startswith(("http://", "https://")):
        return url
    try:
        with anyio.fail_after(timeout_s):
            raw = await anyio.to_thread.run_sync(
                _get, f"{url.rstrip('/')}/json/version", timeout_s, abandon_on_cancel=True
            )
        return msgspec.json.decode(raw, type=_Version).url
    except (OSError, TimeoutError, ValueError, msgspec.DecodeError) as error:
        raise ConnectFailedError(
            f"no browser answers at {url}", why=str(error) or type(error).__name__, endpoint=url
        ) from error


def _get(url: str, timeout_s: float) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout_s) as response:
        return bytes(response.read(MAX_BYTES))

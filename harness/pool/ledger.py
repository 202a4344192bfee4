"""What the site under test recorded: asked before a spin with an unknown outcome may be repeated, and at the end."""

from __future__ import annotations

import functools
import urllib.error
import urllib.request
from collections import Counter
from typing import Any, NamedTuple, Protocol

import anyio
import msgspec

from harness.basics.errors import OperationError
from harness.basics.failures import Cause

MAX_BYTES = 256 * 2**20


class LedgerError(OperationError):
    """The site's record could not be read: what it holds stays unknown."""

    code = "ledger_unreachable"
    default_cause = Cause.LEDGER_UNREACHABLE


class Ledger(Protocol):
    """The site's own record of effects by spin id."""

    async def effects_of(self, spin_id: str) -> int:
        """How many effects the site holds for this spin; LedgerError when that cannot be known."""
        ...

    async def all(self) -> LedgerContents:
        """Effects by spin id, and how many carry none; LedgerError when that cannot be known."""
        ...


class LedgerContents(NamedTuple):
    """The whole record: effects by (spin id), accounts by spin id, and effects without an id."""

    effects: Counter[str]
    accounts: dict[str, str]
    unnamed: int


class HttpLedger:
    """`GET {url}` and `GET {url}/{spin_id}` answer `{"entries": [{"spin_id": …, "account": …}, …]}`."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    async def _entries(self, url: str) -> list[dict[str, Any]]:
        read = functools.partial(_read, url, self._timeout_s)
        try:
            with anyio.fail_after(self._timeout_s + 1):
                raw = await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
            entries = msgspec.json.decode(raw)["entries"]
        except (OSError, TimeoutError, msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            raise LedgerError("the site's record could not be read", why=f"{url}: {error}") from error
        if not isinstance(entries, list):
            raise LedgerError("the site's record could not be read", why=f"{url}: entries is no list")
        return entries

    async def effects_of(self, spin_id: str) -> int:
        """Number of entries under this spin id."""
        return len(await self._entries(f"{self._url}/{spin_id}"))

    async def all(self) -> LedgerContents:
        """The whole record."""
        effects: Counter[str] = Counter()
        accounts: dict[str, str] = {}
        unnamed = 0
        for entry in await self._entries(self._url):
            spin_id = entry.get("spin_id")
            if spin_id:
                effects[spin_id] += 1
                accounts[spin_id] = str(entry.get("account", ""))
            else:
                unnamed += 1
        return LedgerContents(effects, accounts, unnamed)


def _read(url: str, timeout_s: float) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout_s) as response:
        body: bytes = response.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError(f"the answer is larger than {MAX_BYTES} bytes")
    return body

"""What the site under test recorded: asked before a spin with an unknown outcome may be repeated, and at the end."""

from __future__ import annotations

import functools
import http.client
import time
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


class _Entry(msgspec.Struct):
    spin_id: str | None = None
    account: Any = ""


class _Answer(msgspec.Struct):
    entries: list[_Entry]


class HttpLedger:
    """`GET {url}` and `GET {url}/{spin_id}` answer `{"entries": [{"spin_id": …, "account": …}, …]}`.

    `timeout_s` bounds the whole reading of one answer, however slowly it comes.
    """

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s

    async def _entries(self, url: str) -> list[_Entry]:
        read = functools.partial(_read, url, self._timeout_s)
        try:
            with anyio.fail_after(self._timeout_s):
                raw = await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
            return msgspec.json.decode(raw, type=_Answer).entries
        except TimeoutError as error:
            raise _unreadable(url, f"it did not answer within {self._timeout_s:g} s") from error
        except (OSError, http.client.HTTPException, msgspec.DecodeError, ValueError) as error:
            raise _unreadable(url, str(error) or type(error).__name__) from error

    async def effects_of(self, spin_id: str) -> int:
        """Number of entries under this spin id; an answer that holds another spin's is none to rely on."""
        url = f"{self._url}/{spin_id}"
        entries = await self._entries(url)
        if any(entry.spin_id not in {spin_id, None} for entry in entries):
            raise _unreadable(url, "it answers with entries of other spins")
        return len(entries)

    async def all(self) -> LedgerContents:
        """The whole record."""
        effects: Counter[str] = Counter()
        accounts: dict[str, str] = {}
        unnamed = 0
        for entry in await self._entries(self._url):
            if entry.spin_id:
                effects[entry.spin_id] += 1
                accounts[entry.spin_id] = str(entry.account)
            else:
                unnamed += 1
        return LedgerContents(effects, accounts, unnamed)


def _unreadable(url: str, why: str) -> LedgerError:
    return LedgerError("the site's record could not be read", why=f"{url}: {why}")


def _read(url: str, timeout_s: float) -> bytes:
    """The body; bounded in time, too, so that no thread is left with a site that answers byte by byte."""
    due_s = time.monotonic() + timeout_s
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    body = bytearray()
    try:
        response = opener.open(url, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    with response:
        while chunk := response.read1(1 << 16):
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError(f"the answer is larger than {MAX_BYTES} bytes")
            if time.monotonic() > due_s:
                raise TimeoutError
        if response.length:
            raise ValueError(f"the answer ended {response.length} bytes early")
    return bytes(body)

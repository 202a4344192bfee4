"""What the site recorded: each committing effect, with the spin id that the harness sent along.

The ledger is the other side of "no spin lost, none counted twice": the harness compares its evidence with it, and
asks it about a spin whose outcome it does not know. It only grows, and it lives as long as the process does (about
0.4 kB an entry).
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from harness.demo_site.accounts import Accounts

SPIN_HEADER = "x-harness-spin"
SPIN_COOKIE = "harness-spin"
MAX_SPIN_ID_CHARS = 128


@dataclass(frozen=True, slots=True)
class Entry:
    """One effect. `time_ns` is wall time; `spin_id` is None where the request carried no id."""

    spin_id: str | None
    site: Literal["shop", "cabinet"]
    account: str
    effect: Literal["order", "spin"]
    detail: dict[str, Any]
    time_ns: int


class Ledger:
    """Entries in the order of their commitment, and the same by spin id."""

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._entries: list[Entry] = []
        self._by_spin: defaultdict[str, list[Entry]] = defaultdict(list)
        self._now_ns = now_ns
        self.orders = 0
        self.spins = 0

    def order(self, spin_id: str | None, account: str, detail: dict[str, Any]) -> Entry:
        """Commits one order of the shop."""
        self.orders += 1
        return self._add(Entry(spin_id, "shop", account, "order", detail, self._now_ns()))

    def spin(self, spin_id: str | None, account: str, detail: dict[str, Any]) -> Entry:
        """Commits one spin of the cabinet."""
        self.spins += 1
        return self._add(Entry(spin_id, "cabinet", account, "spin", detail, self._now_ns()))

    def entries(self, after: int = 0) -> list[Entry]:
        """All entries but the first `after`, so that a reader can go on where it stopped."""
        return self._entries[after:]

    def of_spin(self, spin_id: str) -> list[Entry]:
        """What one spin committed: nothing, one entry, or more, which is the reader's finding and no error here."""
        return list(self._by_spin.get(spin_id, ()))

    def _add(self, entry: Entry) -> Entry:
        self._entries.append(entry)
        if entry.spin_id is not None:
            self._by_spin[entry.spin_id].append(entry)
        return entry


def spin_id_of(request: Request) -> str | None:
    """The spin id that the harness sent in header or cookie, cut to `MAX_SPIN_ID_CHARS`; None where there is none."""
    value = (request.headers.get(SPIN_HEADER) or request.cookies.get(SPIN_COOKIE, "")).strip()[:MAX_SPIN_ID_CHARS]
    return value or None


def ledger_routes(ledger: Ledger, accounts: Accounts) -> list[Route]:
    """`GET /api/ledger[?after=N]`, `GET /api/ledger/{spin_id}` and `GET /api/stats`."""

    async def everything(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            return JSONResponse({"error": "after must be a number of entries"}, status_code=400)
        return JSONResponse({"entries": [asdict(entry) for entry in ledger.entries(int(after))]})

    async def one_spin(request: Request) -> Response:
        spin_id: str = request.path_params["spin_id"]
        return JSONResponse({"spin_id": spin_id, "entries": [asdict(entry) for entry in ledger.of_spin(spin_id)]})

    async def stats(_: Request) -> Response:
        return JSONResponse(
            {
                "logins": accounts.logins,
                "rejected_logins": accounts.rejected_logins,
                "orders": ledger.orders,
                "spins": ledger.spins,
            }
        )

    return [
        Route("/api/ledger", everything),
        Route("/api/ledger/{spin_id:path}", one_spin),
        Route("/api/stats", stats),
    ]

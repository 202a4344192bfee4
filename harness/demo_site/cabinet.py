"""The cabinet: one canvas, nothing to find in the document, and fields that take a paste and no typing.

It stands for the sites that only coordinates can drive (`cabinet_layout` has them). The page tells what it shows in
attributes of `canvas#cabinet`, for a map's verification gates; no attribute ever holds a password:

| attribute | value |
|---|---|
| `data-screen` | `login`, `select`, `spin` |
| `data-account`, `data-password` | `empty`, `filled`; a paste is complete when its field turns `filled` |
| `data-focused` | `account`, `password` or empty: the field a paste would go to |
| `data-user` | whom the server confirmed, or empty |
| `data-machine` | the selected machine, or empty |
| `data-spins` | spins of this log-in that the server confirmed and the page has finished drawing |
| `data-reels` | the last result, such as `star-bell-plum`, or empty |
| `data-message` | what the page last complained about, or empty |
| `data-busy` | `yes` while an answer or a paste is awaited (clicks are ignored), else `no` |

Opening the page ends the log-in that its browser context had: a cabinet that is switched on shows its log-in screen.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from harness.demo_site.accounts import Accounts, SessionTable
from harness.demo_site.body import json_object_of
from harness.demo_site.cabinet_layout import HEIGHT, MACHINES, SPOTS, WIDTH
from harness.demo_site.ledger import Ledger, spin_id_of
from harness.demo_site.rendering import page, script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request

COOKIE = "cabinet_session"
SYMBOLS = ("bell", "cherry", "plum", "seven", "star")
REELS = 3


@dataclass(slots=True)
class Play:
    """One log-in to the cabinet."""

    account: str
    spins: int = 0


class Cabinet:
    """The cabinet's page and its three calls. `draw` picks one of the symbols: the server draws, the page shows."""

    def __init__(
        self, accounts: Accounts, ledger: Ledger, draw: Callable[[Sequence[str]], str] = secrets.choice
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._draw = draw
        self._plays: SessionTable[Play] = SessionTable()
        self._script = script("cabinet.js")

    def routes(self) -> list[Route]:
        """The page, its script, and the calls under `/cabinet/api`."""
        return [
            Route("/cabinet", self.show, methods=["GET"]),
            Route("/cabinet/cabinet.js", self.code, methods=["GET"]),
            Route("/cabinet/api/login", self.log_in, methods=["POST"]),
            Route("/cabinet/api/spin", self.spin, methods=["POST"]),
            Route("/cabinet/api/logout", self.log_out, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        self._plays.close(request.cookies.get(COOKIE))
        table = {"width": WIDTH, "height": HEIGHT, "spots": {name: asdict(spot) for name, spot in SPOTS.items()}}
        return page(request, "cabinet.html", layout=table, machines=MACHINES)

    async def code(self, _: Request) -> Response:
        return Response(self._script, media_type="text/javascript", headers={"cache-control": "no-store"})

    async def log_in(self, request: Request) -> Response:
        """`{"account", "password"}` -> `{"ok": true, "user"}`, or `{"ok": false, "message"}` with status 200 too."""
        wanted = await json_object_of(request)
        account, password = wanted.get("account"), wanted.get("password")
        if not isinstance(account, str) or not isinstance(password, str):
            return JSONResponse({"ok": False, "message": "An account and a password are wanted"}, status_code=400)
        if not self._accounts.check(account, password):
            return JSONResponse({"ok": False, "message": "Wrong account or password"})
        answer = JSONResponse({"ok": True, "user": account})
        token = self._plays.open(Play(account))
        answer.set_cookie(COOKIE, token, path="/cabinet", httponly=True, samesite="lax")
        return answer

    async def spin(self, request: Request) -> Response:
        """The committing effect: `{"machine"}` -> `{"ok": true, "reels", "win", "spins"}`; recorded before the answer."""
        play = self._plays.get(request.cookies.get(COOKIE))
        if play is None:
            return JSONResponse({"ok": False, "message": "Nobody is logged in"}, status_code=403)
        machine = (await json_object_of(request)).get("machine")
        if machine not in MACHINES:
            return JSONResponse({"ok": False, "message": "There is no such machine"}, status_code=400)
        reels = [self._draw(SYMBOLS) for _ in range(REELS)]
        win = len(set(reels)) == 1
        play.spins += 1
        self._ledger.spin(spin_id_of(request), play.account, {"machine": machine, "reels": reels, "win": win})
        return JSONResponse({"ok": True, "reels": reels, "win": win, "spins": play.spins})

    async def log_out(self, request: Request) -> Response:
        self._plays.close(request.cookies.get(COOKIE))
        answer = JSONResponse({"ok": True})
        answer.delete_cookie(COOKIE, path="/cabinet", httponly=True, samesite="lax")
        return answer

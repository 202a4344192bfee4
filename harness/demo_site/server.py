"""Assembles the site: one ASGI application from its parts, with `misbehaviour` as its outermost layer."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route

from harness.demo_site.accounts import Accounts
from harness.demo_site.cabinet import Cabinet
from harness.demo_site.clipboard_lab import clipboard_lab_routes
from harness.demo_site.ledger import Ledger, ledger_routes
from harness.demo_site.misbehaviour import Misbehaviour, Rule, RuleError, misbehaviour_routes, parse_rules
from harness.demo_site.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.types import ASGIApp


async def _home(_: Request) -> Response:
    return RedirectResponse("/shop/login", status_code=303)


async def _favicon(_: Request) -> Response:
    return Response(status_code=204)


def _routes(passwords: dict[str, str], live_rules: list[Rule]) -> list[BaseRoute]:
    accounts, ledger = Accounts(passwords), Ledger()
    return [
        Route("/", _home),
        Route("/favicon.ico", _favicon),
        *Shop(accounts, ledger).routes(),
        *Cabinet(accounts, ledger).routes(),
        *clipboard_lab_routes(),
        *ledger_routes(ledger, accounts),
        *misbehaviour_routes(live_rules),
    ]


def check_rules(texts: Iterable[str]) -> None:
    """Raises `RuleError` for a rule that cannot be read, or that no request could ever meet: the site has no such path."""
    routes = _routes({}, [])
    paths = sorted({route.path for route in routes if isinstance(route, Route | Mount)})
    for rule in parse_rules(texts):
        asked = {"type": "http", "method": "GET", "path": rule.path, "root_path": "", "path_params": {}}
        begun = rule.path.endswith("*") and any(path.startswith(rule.path[:-1]) for path in paths)
        if not begun and all(route.matches(dict(asked))[0] is Match.NONE for route in routes):
            near = difflib.get_close_matches(rule.path, paths, n=1)
            known = f"did you mean {near[0]}?" if near else f"its paths are {', '.join(paths)}"
            raise RuleError(f"{rule.text!r}: the built-in site has no path {rule.path}; {known}")


def create_app(passwords: dict[str, str], rules: list[Rule] | None = None) -> ASGIApp:
    """The site for these accounts (user -> password). It holds all its state; two applications share nothing."""
    live_rules = list(rules or ())
    site = Starlette(
        routes=_routes(passwords, live_rules),
        # A page of another origin that had its name rebound to loopback must not read the ledger or log in.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )
    return Misbehaviour(site, live_rules)

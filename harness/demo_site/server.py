"""Assembles the site: one ASGI application from its parts, with `misbehaviour` as its outermost layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from harness.demo_site.accounts import Accounts
from harness.demo_site.cabinet import Cabinet
from harness.demo_site.clipboard_lab import clipboard_lab_routes
from harness.demo_site.ledger import Ledger, ledger_routes
from harness.demo_site.misbehaviour import Misbehaviour, Rule, misbehaviour_routes
from harness.demo_site.shop import Shop

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp


async def _home(_: Request) -> Response:
    return RedirectResponse("/shop/login", status_code=303)


async def _favicon(_: Request) -> Response:
    return Response(status_code=204)


def create_app(passwords: dict[str, str], rules: list[Rule] | None = None) -> ASGIApp:
    """The site for these accounts (user -> password). It holds all its state; two applications share nothing."""
    accounts, ledger = Accounts(passwords), Ledger()
    live_rules = list(rules or ())
    site = Starlette(
        routes=[
            Route("/", _home),
            Route("/favicon.ico", _favicon),
            *Shop(accounts, ledger).routes(),
            *Cabinet(accounts, ledger).routes(),
            *clipboard_lab_routes(),
            *ledger_routes(ledger, accounts),
            *misbehaviour_routes(live_rules),
        ],
        # A page of another origin that had its name rebound to loopback must not read the ledger or log in.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )
    return Misbehaviour(site, live_rules)

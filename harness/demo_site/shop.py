"""The shop: log in, look at a product, put it into the cart, order, log out.

Each log-in starts with the account's seeded cart and an order empties it, so a path sees the same pages on its
ten-thousandth pass as on its first, whatever earlier passes left behind. The order is the one committing effect; it
is written to the ledger.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from harness.demo_site.accounts import Accounts, SessionTable
from harness.demo_site.body import form_of
from harness.demo_site.ledger import Ledger, spin_id_of
from harness.demo_site.rendering import page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

COOKIE = "shop_session"
MAX_QUANTITY = 9


@dataclass(frozen=True, slots=True)
class Product:
    """One thing for sale. `price_cents` is for one piece."""

    sku: str
    name: str
    price_cents: int


KETTLE = Product("kettle", "Copper kettle", 8_900)
PRODUCTS = {
    product.sku: product
    for product in (
        KETTLE,
        Product("teapot", "Stoneware teapot", 4_250),
        Product("cups", "Set of four cups", 3_600),
        Product("sencha", "Sencha, 100 g", 1_480),
        Product("strainer", "Bamboo strainer", 750),
        Product("tray", "Walnut tray", 5_400),
    )
}

#: What is in the cart when an account logs in. An account that is not named gets one of them, always the same.
SEEDED_CARTS: dict[str, dict[str, int]] = {
    "alice": {"teapot": 1, "sencha": 2},
    "bob": {"cups": 3, "strainer": 1, "tray": 1},
}


def seeded_cart(account: str) -> dict[str, int]:
    """The cart (sku -> quantity) that `account` starts each log-in with."""
    carts = list(SEEDED_CARTS.values())
    return dict(SEEDED_CARTS.get(account, carts[zlib.crc32(account.encode()) % len(carts)]))


def price_text(price_cents: int) -> str:
    """'€ 89.00'."""
    return f"€ {price_cents // 100}.{price_cents % 100:02d}"


@dataclass(slots=True)
class Visit:
    """One log-in to the shop."""

    account: str
    cart: dict[str, int]
    added: int = 0
    last_order: str = ""

    @property
    def pieces(self) -> int:
        return sum(self.cart.values())

    @property
    def total_cents(self) -> int:
        return sum(PRODUCTS[sku].price_cents * quantity for sku, quantity in self.cart.items())


class Shop:
    """The shop's pages over one table of sessions."""

    def __init__(self, accounts: Accounts, ledger: Ledger) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._visits: SessionTable[Visit] = SessionTable()
        self._last_order = 1000

    def routes(self) -> list[Route]:
        """All pages and forms under `/shop`."""
        return [
            Route("/shop", lambda _: RedirectResponse("/shop/login", status_code=303)),
            Route("/shop/login", self.login_form, methods=["GET"]),
            Route("/shop/login", self.log_in, methods=["POST"]),
            Route("/shop/logout", self.log_out),
            Route("/shop/product", self._for_visitors(self.product), methods=["GET"]),
            Route("/shop/cart", self._for_visitors(self.cart), methods=["GET"]),
            Route("/shop/cart", self._for_visitors(self.add_to_cart), methods=["POST"]),
            Route("/shop/order", self._for_visitors(self.place_order), methods=["POST"]),
            Route("/shop/thanks", self._for_visitors(self.thanks), methods=["GET"]),
        ]

    def _for_visitors(
        self, handler: Callable[[Request, Visit], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Lets only those in who are logged in; the others are led to the log-in form."""

        async def guarded(request: Request) -> Response:
            visit = self._visits.get(request.cookies.get(COOKIE))
            return _see("/shop/login") if visit is None else await handler(request, visit)

        return guarded

    async def login_form(self, request: Request) -> Response:
        return page(request, "login.html", user="", alert="")

    async def log_in(self, request: Request) -> Response:
        """A right password opens a session; a wrong one gives the form again, as an ordinary page with an alert."""
        form = await form_of(request)
        user = form.get("user", "").strip()
        if not self._accounts.check(user, form.get("password", "")):
            return page(request, "login.html", user=user, alert="Wrong user or password")
        answer = _see("/shop/product")
        token = self._visits.open(Visit(user, seeded_cart(user)))
        answer.set_cookie(COOKIE, token, path="/shop", httponly=True, samesite="lax")
        return answer

    async def log_out(self, request: Request) -> Response:
        self._visits.close(request.cookies.get(COOKIE))
        answer = _see("/shop/login")
        answer.delete_cookie(COOKIE, path="/shop", httponly=True, samesite="lax")
        return answer

    async def product(self, request: Request, visit: Visit) -> Response:
        return page(request, "product.html", visit=visit, product=KETTLE, most=MAX_QUANTITY, price_text=price_text)

    async def add_to_cart(self, request: Request, visit: Visit) -> Response:
        form = await form_of(request)
        sku, quantity = form.get("sku", ""), form.get("quantity", "")
        if sku not in PRODUCTS or not quantity.isdecimal() or not 1 <= int(quantity) <= MAX_QUANTITY:
            return page(
                request, "problem.html", visit=visit, problem="This cannot be added to the cart.", status_code=400
            )
        visit.added = int(quantity)
        visit.cart[sku] = visit.cart.get(sku, 0) + visit.added
        return _see("/shop/product")

    async def cart(self, request: Request, visit: Visit) -> Response:
        lines = [(PRODUCTS[sku], quantity) for sku, quantity in visit.cart.items()]
        return page(request, "cart.html", visit=visit, lines=lines, price_text=price_text)

    async def place_order(self, request: Request, visit: Visit) -> Response:
        """The committing effect: written to the ledger before the answer goes out."""
        if not visit.cart:
            return page(request, "problem.html", visit=visit, problem="The cart is empty.", status_code=400)
        self._last_order += 1
        number = str(self._last_order)
        detail = {"order": number, "items": dict(visit.cart), "total_cents": visit.total_cents}
        self._ledger.order(spin_id_of(request), visit.account, detail)
        visit.cart.clear()
        visit.added = 0
        visit.last_order = number
        return _see("/shop/thanks")

    async def thanks(self, request: Request, visit: Visit) -> Response:
        """Shows the last order of this log-in. No number in address or title, so that a recording stays true."""
        if not visit.last_order:
            return page(request, "problem.html", visit=visit, problem="There is no order yet.", status_code=404)
        return page(request, "thanks.html", visit=visit)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.demo_site.shop import PRODUCTS, SEEDED_CARTS, price_text, seeded_cart

PIECES_3 = '<span id="pieces" class="count">3</span>'


def test_alice_and_bob_have_different_carts_of_things_that_are_sold() -> None:
    assert seeded_cart("alice") != seeded_cart("bob")
    assert all(set(cart) <= set(PRODUCTS) for cart in SEEDED_CARTS.values())


def test_a_seeded_cart_is_a_copy_and_the_same_for_an_account_each_time() -> None:
    seeded_cart("alice").clear()
    assert seeded_cart("alice")
    assert seeded_cart("worker-3") == seeded_cart("worker-3")


def test_prices_have_two_digits_of_cents() -> None:
    assert price_text(8905) == "€ 89.05"


async def test_the_whole_path_from_log_in_to_log_out(client: Any) -> None:
    assert (await client.get("/")).url.endswith("/shop/login")
    product = await client.log_in_to_shop("alice")
    assert product.url.endswith("/shop/product")
    assert "<title>Copper kettle" in product.text
    added = await client.form("/shop/cart", sku="kettle", quantity="2")
    assert "Added to your cart: 2 × Copper kettle" in added.text
    cart = await client.get("/shop/cart")
    assert "Logged in as alice" in cart.text
    assert "The cart of alice" in cart.text
    assert 'data-sku="kettle"' in cart.text
    order = await client.form("/shop/order", spin_id="spin-1")
    assert order.url.endswith("/shop/thanks")
    assert "Thank you, alice" in order.text
    entry = (await client.get("/api/ledger/spin-1")).json["entries"][0]
    assert (entry["site"], entry["account"], entry["effect"]) == ("shop", "alice", "order")
    assert entry["detail"]["items"] == {"teapot": 1, "sencha": 2, "kettle": 2}
    assert entry["detail"]["total_cents"] == 4250 + 2 * 1480 + 2 * 8900
    assert (await client.get("/shop/logout")).url.endswith("/shop/login")
    assert (await client.get("/shop/cart")).url.endswith("/shop/login")


async def test_a_wrong_password_gives_an_ordinary_page_with_an_alert(client: Any) -> None:
    refused = await client.form("/shop/login", user="alice", password="guess")
    assert refused.status == 200
    assert '<p role="alert">Wrong user or password</p>' in refused.text
    assert "guess" not in refused.text
    assert (await client.get("/api/stats")).json == {"logins": 0, "rejected_logins": 1, "orders": 0, "spins": 0}


async def test_what_a_visitor_sends_is_escaped(client: Any) -> None:
    answer = await client.form("/shop/login", user='"><script>x</script>', password="p")
    assert "<script>x" not in answer.text


async def test_the_session_cookie_is_out_of_reach_of_scripts(client: Any) -> None:
    await client.log_in_to_shop("alice")
    (cookie,) = client.cookies
    assert cookie.has_nonstandard_attr("HttpOnly")


async def test_two_users_at_once_see_their_own_carts(visitor: Callable[[], Any]) -> None:
    alice, bob = visitor(), visitor()
    await alice.log_in_to_shop("alice")
    await bob.log_in_to_shop("bob")
    assert 'data-sku="cups"' in (await bob.get("/shop/cart")).text
    cart = (await alice.get("/shop/cart")).text
    assert 'data-sku="teapot"' in cart
    assert 'data-sku="cups"' not in cart
    assert "Thank you, bob" in (await bob.form("/shop/order")).text
    assert (await alice.get("/shop/thanks")).status == 404


async def test_each_log_in_starts_with_the_seeded_cart(visitor: Callable[[], Any]) -> None:
    first, second = visitor(), visitor()
    await first.log_in_to_shop("alice")
    await first.form("/shop/order")
    assert "Your cart is empty" in (await first.get("/shop/cart")).text
    assert (await first.form("/shop/order")).status == 400
    await second.log_in_to_shop("alice")
    assert PIECES_3 in (await second.get("/shop/product")).text


async def test_nonsense_is_refused_and_changes_nothing(client: Any) -> None:
    await client.log_in_to_shop("alice")
    for sku, quantity in (("kettle", "0"), ("kettle", "10"), ("kettle", "x"), ("kettle", "²"), ("ghost", "1")):
        assert (await client.form("/shop/cart", sku=sku, quantity=quantity)).status == 400
    assert PIECES_3 in (await client.get("/shop/product")).text
    assert (await client.send("POST", "/shop/login", b"\xff\xfe=%ff")).status in {200, 400}
    assert (await client.send("POST", "/shop/login", b"a" * 70_000)).status == 413


async def test_nobody_orders_without_having_logged_in(client: Any) -> None:
    assert (await client.form("/shop/order")).url.endswith("/shop/login")
    assert (await client.get("/api/stats")).json["orders"] == 0


async def test_the_shipped_recording_still_fits_the_pages(client: Any) -> None:
    """Each recorded step names, by id, an element of the page that the recording was on."""
    recording = json.loads((Path(__file__).parents[2] / "profiles/maps/shop.recording.json").read_text("utf-8"))
    await client.log_in_to_shop("alice")
    await client.form("/shop/order")
    pages: dict[str, str] = {}
    for path in ("/shop/product", "/shop/thanks"):
        pages[path] = (await client.get(path)).text
    await client.get("/shop/logout")
    await client.log_in_to_shop("alice")
    pages["/shop/cart"] = (await client.get("/shop/cart")).text
    pages["/shop/login"] = (await client.get("/shop/logout")).text
    here = ""
    for step in recording["steps"]:
        ids = [selector for (selector,) in step.get("selectors", []) if selector.startswith("#")]
        assert all(f'id="{name[1:]}"' in pages[here] for name in ids), (here, step)
        for event in step.get("assertedEvents", []):
            here = event["url"].removeprefix("http://127.0.0.1:8907")
            assert f"<title>{html.escape(event['title'])}" in pages[here]
    assert here == "/shop/login"

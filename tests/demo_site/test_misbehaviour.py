import asyncio
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from harness.demo_site.misbehaviour import Rule, RuleError, page_troubles_of, parse_rule, parse_rules
from harness.demo_site.process import DemoSite


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("error500:/shop/cart", Rule("error500:/shop/cart", "error500", "/shop/cart")),
        ("slow:/shop/product:800", Rule("slow:/shop/product:800", "slow", "/shop/product", delay_ms=800)),
        ("error500:/shop/cart@10", Rule("error500:/shop/cart@10", "error500", "/shop/cart", every=10)),
        (" slow:/a:5@2 ", Rule("slow:/a:5@2", "slow", "/a", delay_ms=5, every=2)),
        ("hang:/cabinet/*", Rule("hang:/cabinet/*", "hang", "/cabinet/*")),
    ],
)
def test_a_rule_is_read(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not of the form"),
        ("error500", "not of the form"),
        ("error500:shop/cart", "not of the form"),
        ("explode:/shop/cart", "unknown kind 'explode'"),
        ("slow:/shop/cart", "delay in milliseconds"),
        ("slow:/shop/cart:0", "from 1 to"),
        ("slow:/shop/cart:1e3", "not '1e3'"),
        ("slow:/shop/cart:-5", "not '-5'"),
        ("error500:/shop/cart:5", "takes no argument"),
        ("error500:/shop/cart@", "each Nth"),
        ("error500:/shop/cart@0", "each Nth"),
        ("error500:/shop/cart@x", "not 'x'"),
        ("error500:/a:b:c", "not of the form"),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse_rules(["error500:/fine", text])
    assert told in str(refused.value)
    assert repr(text) in str(refused.value)


def test_every_nth_request_counts_only_requests_of_the_path() -> None:
    rule = parse_rule("error500:/a@3")
    assert [rule.bites(path) for path in ("/a", "/b", "/a", "/b", "/a", "/a", "/a", "/a")] == [
        *[False, False, False, False],
        *[True, False, False, True],
    ]
    assert (rule.seen, rule.hits) == (6, 2)


def test_a_star_matches_by_the_beginning_of_the_path() -> None:
    rule = parse_rule("error500:/cabinet/*")
    assert rule.bites("/cabinet/api/spin")
    assert not rule.bites("/cabinet")


def test_a_request_no_rule_bites_on_has_no_page_troubles() -> None:
    assert list(page_troubles_of({"type": "http"})) == []


async def test_error500_bites_on_each_second_request_and_its_counters_are_shown(client: Any) -> None:
    set_to = await client.call("/api/misbehave", {"rules": ["error500:/api/stats@2"]})
    assert set_to.json == {"rules": [{"rule": "error500:/api/stats@2", "seen": 0, "hits": 0}]}
    assert [(await client.get("/api/stats")).status for _ in range(4)] == [200, 500, 200, 500]
    assert (await client.get("/api/misbehave")).json["rules"][0]["hits"] == 2
    assert (await client.send("DELETE", "/api/misbehave")).json == {"rules": []}
    assert [(await client.get("/api/stats")).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("body", [{"rules": ["explode:/x"]}, {"rules": "error500:/x"}, {}, [], {"rules": [1]}])
async def test_rules_that_cannot_be_read_change_nothing(client: Any, body: object) -> None:
    await client.call("/api/misbehave", {"rules": ["error500:/api/stats"]})
    assert (await client.call("/api/misbehave", body)).status == 400
    assert (await client.get("/api/stats")).status == 500


async def test_slow_answers_no_sooner_than_it_was_told(client: Any) -> None:
    await client.call("/api/misbehave", {"rules": ["slow:/api/stats:120"]})
    began_s = time.monotonic()
    assert (await client.get("/api/stats")).status == 200
    assert time.monotonic() - began_s >= 0.12


@pytest.mark.parametrize("kind", ["dialog", "busy", "crash"])
@pytest.mark.parametrize("path", ["/shop/login", "/cabinet", "/clipboard-lab"])
async def test_page_troubles_are_built_into_the_page_only_while_the_rule_is_there(
    client: Any, kind: str, path: str
) -> None:
    fine = (await client.get(path)).text
    await client.call("/api/misbehave", {"rules": [f"{kind}:{path}"]})
    troubled = (await client.get(path)).text
    assert troubled != fine
    assert 'addEventListener("load", () => setTimeout(' in troubled
    assert 'addEventListener("load", () => setTimeout(' not in fine


async def silent(site: DemoSite, method: str, path: str, headers: str = "") -> bool:
    """Sends a request, and says that the server had sent nothing by the time it had answered another request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n{headers}\r\n".encode())
    await writer.drain()
    seen = asyncio.create_task(reader.read(1))
    await asyncio.to_thread(_until_bitten, site.origin)
    quiet = not seen.done()
    writer.close()
    await writer.wait_closed()
    await seen
    return quiet


def _until_bitten(origin: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while b'"hits":1' not in opener.open(f"{origin}/api/misbehave", timeout=30).read():
        continue


async def test_hang_sends_no_headers_and_does_nothing(client: Any, site: DemoSite) -> None:
    await client.log_in_to_shop("alice")
    token = next(iter(client.cookies)).value
    await client.call("/api/misbehave", {"rules": ["hang:/shop/order"]})
    assert await silent(site, "POST", "/shop/order", f"cookie: shop_session={token}\r\n")
    assert (await client.get("/api/stats")).json["orders"] == 0


async def test_lost_sends_no_headers_but_the_effect_is_in_the_ledger(client: Any, site: DemoSite) -> None:
    await client.log_in_to_shop("alice")
    token = next(iter(client.cookies)).value
    await client.call("/api/misbehave", {"rules": ["lost:/shop/order"]})
    assert await silent(site, "POST", "/shop/order", f"cookie: shop_session={token}\r\nx-harness-spin: spin-7\r\n")
    entries = (await client.get("/api/ledger/spin-7")).json["entries"]
    assert [entry["effect"] for entry in entries] == ["order"]


async def test_a_site_started_with_a_rule_misbehaves_from_the_first_request() -> None:
    async with await DemoSite.start({}, misbehave=["error500:/shop/login"]) as site:
        with pytest.raises(urllib.error.HTTPError) as answer:
            await asyncio.to_thread(urllib.request.urlopen, f"{site.origin}/shop/login", timeout=30)
        answer.value.close()
        assert answer.value.code == 500

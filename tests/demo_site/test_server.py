from typing import Any

import pytest

from harness.demo_site.misbehaviour import RuleError
from harness.demo_site.server import check_rules


@pytest.mark.parametrize("path", ["/shop/login", "/cabinet", "/clipboard-lab"])
async def test_a_page_asks_no_other_host_and_is_never_cached(client: Any, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "//" not in answer.text.replace("<!--", "")
    assert "<title>" in answer.text


async def test_the_favicon_is_answered_and_the_unknown_is_not_found(client: Any) -> None:
    assert (await client.get("/favicon.ico")).status == 204
    assert (await client.get("/nothing")).status == 404


async def test_another_host_name_is_refused(client: Any) -> None:
    assert (await client.send("GET", "/api/ledger", headers={"host": "rebound.example"})).status == 400


async def test_stats_count_both_sites(client: Any) -> None:
    await client.log_in_to_shop("alice")
    await client.log_in_to_cabinet("bob")
    await client.form("/shop/order")
    await client.call("/cabinet/api/spin", {"machine": "lagoon"})
    assert (await client.get("/api/stats")).json == {"logins": 2, "rejected_logins": 0, "orders": 1, "spins": 1}


@pytest.mark.parametrize("rule", ["error500:/shop/cart", "lost:/shop/order", "slow:/shop/*:5", "hang:/*", "error500:/"])
def test_a_rule_for_a_path_of_the_site_is_fine(rule: str) -> None:
    check_rules([rule])


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("error500:/shop/card", "did you mean /shop/cart?"),
        ("error500:/nowhere/at/all", "its paths are /"),
        ("error500:/casino/*", "the built-in site has no path /casino/*"),
        ("error500", "is not of the form"),
    ],
)
def test_a_rule_that_no_request_could_meet_is_told_with_the_nearest_path(rule: str, told: str) -> None:
    with pytest.raises(RuleError) as refused:
        check_rules([rule])
    assert told in str(refused.value)

"""Binding: a recorded map on another site, as another user; pure, and loud where it would do nothing."""

from __future__ import annotations

import pytest

from harness.navigation.binding import bind_values, rebase
from harness.navigation.drift import MapError
from harness.navigation.map import AssertedNavigation, Gate, NavigationMap, Phase, Step, Text

HERE = "http://127.0.0.1:8123"


def map_of(*steps: Step) -> NavigationMap:
    return NavigationMap("t", (Phase("Replay", steps),), "shop.json", "recorder")


def moved(url: str, recorded: str = "https://shop.test", here: str = HERE) -> str:
    ((_, step),) = rebase(map_of(Step("a", "navigate", {"url": url})), recorded, here).steps()
    return str(step.params["url"])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.test", f"{HERE}/"),
        ("https://shop.test/cart?a=b%20c#top", f"{HERE}/cart?a=b%20c#top"),
        ("https://SHOP.test:443/cart", f"{HERE}/cart"),
        ("https://user:pass@shop.test/cart", f"{HERE}/cart"),
        ("/cabinet", f"{HERE}/cabinet"),
        ("cabinet", f"{HERE}/cabinet"),
        ("?q=1", f"{HERE}/?q=1"),
    ],
)
def test_urls_of_the_recorded_site_and_relative_ones_move(url: str, expected: str) -> None:
    assert moved(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.test/cart",
        "https://shop.test:8443/",
        "https://shop.test.evil.test/",
        "https://pay.test/return?to=https://shop.test/",
        "about:blank",
        "//shop.test/cart",
        "https://[broken/",
    ],
)
def test_urls_of_other_sites_stay(url: str) -> None:
    assert moved(url) == url


def test_without_a_recorded_origin_only_relative_urls_move() -> None:
    assert moved("/cabinet", recorded="") == f"{HERE}/cabinet"
    assert moved("https://shop.test/", recorded="") == "https://shop.test/"


def test_asserted_urls_url_gates_and_targets_move_too_and_expressions_stay() -> None:
    step = Step(
        "a",
        "click",
        {"url": "https://shop.test/not-navigated"},
        asserted=AssertedNavigation("https://shop.test/cart", "Cart"),
        entry=(Gate("url", "/cart"), Gate("prose", "https://shop.test/")),
        exit=(Gate("url", "https://shop.test/done"), Gate("expression", "location.href === 'https://shop.test/'")),
        target="https://shop.test/popup",
    )
    ((_, result),) = rebase(map_of(step), "https://shop.test/", HERE).steps()
    assert result.params == step.params
    assert result.asserted == AssertedNavigation(f"{HERE}/cart", "Cart")
    assert result.entry == (Gate("url", f"{HERE}/cart"), step.entry[1])
    assert result.exit == (Gate("url", f"{HERE}/done"), step.exit[1])
    assert result.target == f"{HERE}/popup"


def test_what_asserts_nothing_and_the_main_target_stay() -> None:
    step = Step("a", "click", asserted=AssertedNavigation("", "Cart"))
    assert next(rebase(map_of(step), "", HERE).steps())[1] == step


@pytest.mark.parametrize(
    "origin",
    ["", "shop.test", "ftp://a.test", "http://", "http://a.test/x", "http://a.test?x", "http://u@a.test", "http://a:b"],
)
def test_an_origin_must_be_one(origin: str) -> None:
    with pytest.raises(MapError, match="an origin must be"):
        moved("/cabinet", here=origin)


def test_recorded_values_are_replaced_by_what_they_are_bound_to() -> None:
    typed = [
        Step("a", "change", text=Text("alice")),
        Step("b", "change", text=Text("pw")),
        Step("c", "change", text=Text("x")),
    ]
    bindings = {"alice": Text(credential="account"), "pw": Text(credential="secret")}
    result = bind_values(map_of(*typed), bindings)
    texts = [step.text for _, step in result.steps()]
    assert texts == [Text(credential="account"), Text(credential="secret"), Text("x")]
    assert result.phases[0].credential
    assert next(map_of(*typed).steps())[1].text == Text("alice")


def test_only_a_whole_text_is_bound() -> None:
    with pytest.raises(MapError, match="'alice' matches no text"):
        bind_values(map_of(Step("a", "change", text=Text("alice@a.test"))), {"alice": Text(credential="account")})


def test_a_binding_of_a_secret_that_binds_nothing_is_named_without_its_letters() -> None:
    with pytest.raises(MapError) as refused:
        bind_values(map_of(Step("a", "click")), {"hunter2": Text(credential="secret")})
    assert "number 1" in refused.value.why
    assert "hunter2" not in " ".join(refused.value.lines())


def test_a_binding_to_a_literal_marks_no_phase() -> None:
    result = bind_values(map_of(Step("a", "change", text=Text("pear"))), {"pear": Text("plum")})
    assert not result.phases[0].credential

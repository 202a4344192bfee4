from __future__ import annotations

import re

import pytest

from harness.testing.sim_browser.model import Ids, Refusal, SimContext, SimPage, wanted


def test_ids_look_like_chromiums_and_follow_from_seed_and_start() -> None:
    assert re.fullmatch("[0-9A-F]{32}", Ids(1, 1).new())
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", Ids(1, 1).uuid())
    assert Ids(1, 1).new() == Ids(1, 1).new()
    assert len({Ids(1, 1).new(), Ids(2, 1).new(), Ids(1, 2).new()}) == 3


def test_the_info_of_a_page_names_its_opener_only_where_it_has_one() -> None:
    page = SimPage("T", SimContext("C"), "L", url="http://x/")
    assert page.info() == {
        "targetId": "T",
        "type": "page",
        "title": "http://x/",
        "url": "http://x/",
        "attached": False,
        "canAccessOpener": False,
        "browserContextId": "C",
    }
    page.opener_id = "O"
    assert page.info()["openerId"] == "O"


@pytest.mark.parametrize(
    ("params", "data"),
    [
        ({}, "Failed to deserialize params.url - BINDINGS: mandatory field missing"),
        ({"url": 5}, "Failed to deserialize params.url - BINDINGS: string value expected"),
    ],
)
def test_a_missing_or_wrong_parameter_is_refused_in_chromiums_words(params: dict[str, object], data: str) -> None:
    with pytest.raises(Refusal) as refusal:
        wanted(params, "url")
    assert refusal.value.body == {"code": -32602, "message": "Invalid parameters", "data": data}
    assert wanted({"url": "http://x/"}, "url") == "http://x/"

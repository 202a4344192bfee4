import json
import re
from typing import Any

from harness.demo_site.cabinet import REELS, SYMBOLS
from harness.demo_site.cabinet_layout import MACHINES


async def test_the_page_carries_the_layout_table_and_one_canvas(client: Any) -> None:
    text = (await client.get("/cabinet")).text
    table = json.loads(re.search(r'id="layout">(.*?)</script>', text)[1])
    assert table["spots"]["paste"]["x"] == 384
    assert text.count("<canvas") == 1
    assert "<input" not in text
    assert 'canvas.addEventListener("click"' in (await client.get("/cabinet/cabinet.js")).text


async def test_a_spin_is_drawn_by_the_server_and_recorded_with_its_id(client: Any) -> None:
    assert (await client.log_in_to_cabinet("alice")).json == {"ok": True, "user": "alice"}
    answers = [(await client.call("/cabinet/api/spin", {"machine": "ember"}, spin_id=f"s{n}")).json for n in (1, 2)]
    assert [answer["spins"] for answer in answers] == [1, 2]
    assert len(answers[0]["reels"]) == REELS
    assert set(answers[0]["reels"]) <= set(SYMBOLS)
    (entry,) = (await client.get("/api/ledger/s1")).json["entries"]
    assert (entry["site"], entry["account"], entry["effect"]) == ("cabinet", "alice", "spin")
    assert entry["detail"] == {"machine": "ember", "reels": answers[0]["reels"], "win": answers[0]["win"]}


async def test_a_wrong_password_is_told_and_counted(client: Any) -> None:
    answer = await client.call("/cabinet/api/login", {"account": "alice", "password": "guess"})
    assert answer.status == 200
    assert answer.json == {"ok": False, "message": "Wrong account or password"}
    assert (await client.get("/api/stats")).json["rejected_logins"] == 1


async def test_nobody_spins_without_having_logged_in_or_on_a_machine_that_is_not_there(client: Any) -> None:
    assert (await client.call("/cabinet/api/spin", {"machine": "ember"})).status == 403
    await client.log_in_to_cabinet("alice")
    assert (await client.call("/cabinet/api/spin", {"machine": "ghost"})).status == 400
    assert (await client.call("/cabinet/api/spin", {"machine": ["ember"]})).status == 400
    assert (await client.send("POST", "/cabinet/api/spin", b"{")).status == 400
    assert (await client.send("POST", "/cabinet/api/login", b"[]")).status == 400
    assert (await client.get("/api/ledger")).json == {"entries": []}
    assert MACHINES == ("comet", "lagoon", "ember")


async def test_logging_out_or_opening_the_page_again_ends_the_session(client: Any) -> None:
    await client.log_in_to_cabinet("alice")
    await client.call("/cabinet/api/logout", {})
    assert (await client.call("/cabinet/api/spin", {"machine": "ember"})).status == 403
    await client.log_in_to_cabinet("alice")
    await client.get("/cabinet")
    assert (await client.call("/cabinet/api/spin", {"machine": "ember"})).status == 403

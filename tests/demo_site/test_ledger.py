from typing import Any

from harness.demo_site.ledger import Entry, Ledger


def test_entries_keep_the_order_of_commitment_and_are_found_by_spin() -> None:
    ticks = iter(range(100, 200))
    ledger = Ledger(now_ns=lambda: next(ticks))
    first = ledger.order("spin-1", "alice", {"order": "1"})
    second = ledger.spin("spin-2", "bob", {})
    third = ledger.spin("spin-2", "bob", {})
    assert first == Entry("spin-1", "shop", "alice", "order", {"order": "1"}, 100)
    assert ledger.entries() == [first, second, third]
    assert ledger.entries(after=2) == [third]
    assert ledger.of_spin("spin-2") == [second, third]
    assert (ledger.orders, ledger.spins) == (1, 2)


def test_a_spin_that_committed_nothing_has_no_entries_and_leaves_no_trace() -> None:
    ledger = Ledger()
    assert ledger.of_spin("never seen") == []
    assert ledger.entries() == []


def test_an_effect_without_a_spin_id_is_recorded_all_the_same() -> None:
    ledger = Ledger()
    ledger.spin(None, "alice", {})
    assert [entry.spin_id for entry in ledger.entries()] == [None]


async def test_the_ledger_answers_whole_by_spin_and_from_a_place_on(client: Any) -> None:
    await client.log_in_to_cabinet("bob")
    for number in range(3):
        await client.call("/cabinet/api/spin", {"machine": "comet"}, spin_id=f"spin/{number}")
    entries = (await client.get("/api/ledger")).json["entries"]
    assert [entry["spin_id"] for entry in entries] == ["spin/0", "spin/1", "spin/2"]
    assert (await client.get("/api/ledger?after=2")).json["entries"] == entries[2:]
    assert (await client.get("/api/ledger?after=-1")).status == 400
    assert (await client.get("/api/ledger/spin%2F1")).json == {"spin_id": "spin/1", "entries": [entries[1]]}
    assert (await client.get("/api/ledger/unknown")).json == {"spin_id": "unknown", "entries": []}
    assert set(entries[0]) == {"spin_id", "site", "account", "effect", "detail", "time_ns"}

from __future__ import annotations

from harness.cdp.session import Journal


def test_the_journal_keeps_the_order_and_a_later_set_up_takes_the_earlier_ones_place() -> None:
    journal = Journal()
    journal.note("Page.enable", {})
    journal.note("Emulation.setDeviceMetricsOverride", {"width": 800})
    journal.note("Page.addScriptToEvaluateOnNewDocument", {"source": "1"}, "one")
    journal.note("Page.addScriptToEvaluateOnNewDocument", {"source": "2"}, "two")
    journal.note("Emulation.setDeviceMetricsOverride", {"width": 1280})
    assert list(journal) == [
        ("Page.enable", {}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": "1"}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": "2"}),
        ("Emulation.setDeviceMetricsOverride", {"width": 1280}),
    ]


def test_the_journal_may_grow_while_it_is_applied() -> None:
    journal = Journal()
    journal.note("Page.enable", {})
    for method, _ in journal:
        journal.note(f"{method}.again", {})
    assert len(list(journal)) == 2

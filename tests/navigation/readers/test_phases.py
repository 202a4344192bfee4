"""Phases: names apart, the one that logs in marked."""

from __future__ import annotations

from harness.navigation.map import Phase, Step, Text
from harness.navigation.readers.phases import distinct_name, marked_credential
from harness.navigation.readers.report import DriftReport


def test_a_name_that_comes_back_gets_a_number() -> None:
    report, taken = DriftReport("a.json"), set[str]()
    names = [distinct_name(name, taken, report) for name in ("Spin", "Spin", "Spin-2", "Spin")]
    assert names == ["Spin", "Spin-2", "Spin-2-2", "Spin-3"]
    assert [line.code for line in report.lines()] == ["repeated_phase"] * 3


def test_a_phase_that_enters_a_credential_is_marked() -> None:
    assert marked_credential(Phase("A", (Step("a", "clip", text=Text(credential="account")),))).credential
    assert not marked_credential(Phase("A", (Step("a", "clip", text=Text("x")),))).credential

"""What an event must be to be believed; and that every event which the harness emits is one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.runfolder.event import CORRELATION_FIELDS, Event
from harness.telemetry.catalogue import CATALOGUE
from harness.telemetry.schema import complaint

ROOT = Path(__file__).parents[2]


def event(name: str, /, **fields: Any) -> Event:
    channel = CATALOGUE[name].channel.value if name in CATALOGUE else "domain"
    return Event(time_ns=1, mono_ns=1, seq=1, channel=channel, event=name, level="info", run_id="r", fields=fields)


TIMED: dict[str, Any] = {"duration_ms": 3.5, "outcome": "completed", "wait_ms": 0}


def test_an_event_with_its_fields_is_believed_and_a_whole_number_is_a_duration_too() -> None:
    assert complaint(event("spin.timed", **TIMED)) == ""


@pytest.mark.parametrize("value", [None, "3.5", True, -0.1, [3.5], {}, 1e308])
def test_a_duration_that_is_none_is_told_with_its_name(value: Any) -> None:
    assert "duration_ms" in complaint(event("spin.timed", **{**TIMED, "duration_ms": value}))


def test_a_number_too_long_for_any_type_is_told() -> None:
    assert complaint(event("spin.timed", **{**TIMED, "duration_ms": 10**400})).startswith("spin.timed: ")


@pytest.mark.parametrize("value", [None, "1", True, -1, 1.5, 2**63])
def test_a_count_that_is_none_is_told(value: Any) -> None:
    assert "attempt" in complaint(event("spin.ended", outcome="completed", committed="yes", attempt=value))


@pytest.mark.parametrize("table", [None, [], {"domain": "many"}, {"domain": -1}, {"domain": None}])
def test_a_table_that_holds_no_counts_is_told(table: Any) -> None:
    assert "dropped" in complaint(event("telemetry.dropped", dropped=table))


def test_a_field_too_few_and_one_too_many_are_told() -> None:
    assert "wait_ms" in complaint(event("spin.timed", duration_ms=3.5, outcome="completed"))
    assert "extra" in complaint(event("spin.timed", **TIMED, extra=1))


def test_a_field_that_may_be_left_out_may_be_null() -> None:
    told = {"browser_id": "b1", "cohort": "c1", "pid": 7, "planned": False, "stderr_tail": ""}
    for more in ({}, {"exit_code": None}, {"exit_code": -9}):
        assert complaint(event("browser.exited", **told, **more)) == ""
    assert complaint(event("browser.exited", **told, exit_code="9"))


def test_an_unknown_event_another_channel_and_a_strange_level_are_told() -> None:
    assert "there is no event 'spin.finished'" in complaint(event("spin.finished", **TIMED))
    assert "performance" in complaint(msgspec.structs.replace(event("spin.timed", **TIMED), channel="domain"))
    assert "level" in complaint(msgspec.structs.replace(event("spin.timed", **TIMED), level="loud"))


# --- what the code emits


def _emissions() -> Iterator[tuple[str, str, set[str]]]:
    """Where, which event, and the keywords given, of each call that logs an event by name and with nothing unpacked."""
    for path in sorted((ROOT / "harness").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            name = node.args[0]
            if node.func.attr in {"debug", "info", "warning", "error", "critical"} and isinstance(name, ast.Constant):
                keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
                yield f"{path.relative_to(ROOT)}:{node.lineno}", str(name.value), keywords


UNPACKED = {"reconnect.decision": {"browser_id", "cohort", "scheme", "endpoint"}}
"""Fields that their emitters give unpacked (`**ids`)."""


@pytest.mark.parametrize(("place", "name", "given"), list(_emissions()))
def test_every_emitter_gives_each_field_that_readers_insist_on(place: str, name: str, given: set[str]) -> None:
    spec = CATALOGUE[name]
    needed = {field for field, kind in spec.fields.items() if not kind.endswith("?")}
    assert needed <= given | UNPACKED.get(name, set()), place
    assert given <= spec.fields.keys() | set(CORRELATION_FIELDS), place

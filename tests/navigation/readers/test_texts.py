"""Texts: a literal, or a credential's field; never both, never half a placeholder."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.map import Phase, Step, Text
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import DriftReport
from harness.navigation.readers.texts import enters_credential, read_text


def text(*, placeholders: bool = False, **raw: Any) -> Text | None:
    return read_text(Fields(raw, DriftReport("a.json"), "type"), placeholders=placeholders)


def test_a_text_is_a_literal_and_may_be_empty() -> None:
    assert text(text="pear") == Text(literal="pear")
    assert text(text="") == Text(literal="")
    assert text() is None


@pytest.mark.parametrize("raw", [{"text": {"credential": "secret"}}, {"credential": "secret"}])
def test_a_credential_field_is_named_in_or_beside_the_text(raw: dict[str, Any]) -> None:
    assert text(**raw) == Text(credential="secret")


@pytest.mark.parametrize(
    "raw",
    [
        {"text": 5},
        {"text": {}},
        {"text": {"credential": "password"}},
        {"credential": "pin"},
        {"text": "x", "credential": "account"},
    ],
)
def test_anything_else_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(MapError, match="field"):
        text(**raw)


def test_a_placeholder_stands_alone() -> None:
    assert text(text="${credential.account}", placeholders=True) == Text(credential="account")
    assert text(text=" ${credential.secret} ", placeholders=True) == Text(credential="secret")
    for literal in ("user ${credential.account}", "${credential.pin}"):
        with pytest.raises(MapError, match="alone"):
            text(text=literal, placeholders=True)


def test_where_placeholders_are_unknown_the_text_stays_as_it_is() -> None:
    assert text(text="${credential.account}") == Text(literal="${credential.account}")


def test_a_phase_logs_in_when_a_step_enters_a_credential() -> None:
    typing, entering = Step("a", "type", text=Text("x")), Step("b", "type", text=Text(credential="secret"))
    assert not enters_credential(Phase("P", (typing,)))
    assert enters_credential(Phase("P", (typing, entering)))

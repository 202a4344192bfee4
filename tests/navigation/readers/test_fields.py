"""One object, field by field: types are checked, values are never shown, what nobody took is known."""

from __future__ import annotations

from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import DriftReport


def fields_of(**raw: Any) -> Fields:
    return Fields(raw, DriftReport("a.json"), "open")


def test_absent_and_null_fields_are_none() -> None:
    fields = fields_of(a=None)
    assert [fields.text("a"), fields.number("b"), fields.flag("c"), fields.array("d"), fields.inner("e")] == [None] * 5


def test_values_of_the_right_type_pass() -> None:
    fields = fields_of(t="x", n=1, w=10.0, b=False, l=[1], m={"k": 1}, ms=1500)
    assert (fields.text("t"), fields.number("n"), fields.whole("w"), fields.flag("b")) == ("x", 1.0, 10, False)
    assert (fields.array("l"), fields.mapping("m"), fields.seconds("ms", 1, 30_000)) == ([1], {"k": 1}, 1.5)


@pytest.mark.parametrize(
    ("take", "value"),
    [
        ("text", 1),
        ("text", ""),
        ("number", "1"),
        ("number", True),
        ("whole", 1.5),
        ("flag", 1),
        ("flag", "yes"),
        ("array", {}),
        ("mapping", []),
        ("inner", "x"),
    ],
)
def test_a_wrong_type_is_refused_by_step_and_field(take: str, value: Any) -> None:
    with pytest.raises(MapError, match="step open: field x "):
        getattr(fields_of(x=value), take)("x")


def test_a_number_out_of_bounds_is_refused_with_the_bounds() -> None:
    with pytest.raises(MapError, match=r"outside 1\.\.30000"):
        fields_of(timeout=30_001).seconds("timeout", 1, 30_000)
    with pytest.raises(MapError, match="outside at least 0"):
        fields_of(n=-1).number("n", 0)
    with pytest.raises(MapError, match="outside at most 5"):
        fields_of(n=6).number("n", high=5)


def test_a_choice_names_what_can_be_chosen() -> None:
    assert fields_of(b="primary").choice("b", ("primary", "back")) == "primary"
    with pytest.raises(MapError, match="one of primary, back"):
        fields_of(b="left").choice("b", ("primary", "back"))


def test_booleans_written_as_text_are_mended_and_told() -> None:
    fields = fields_of(a="false", b="True")
    assert (fields.flag("a"), fields.flag("b")) == (False, True)
    assert [line.code for line in fields.report.lines()] == ["string_for_boolean"] * 2


def test_the_rest_is_told_by_name_and_type_and_never_by_value() -> None:
    fields = fields_of(known="x", password="hunter2")
    fields.text("known")
    assert fields.report_rest("unknown_step_field", "kept") == {"password": "hunter2"}
    (line,) = fields.report.lines()
    assert (line.field, line.found) == ("password", "text")


def test_an_inner_object_tells_where_it_stands() -> None:
    inner = fields_of(verify={"entry": 1}).inner("verify")
    assert inner is not None
    with pytest.raises(MapError, match=r"field verify\.entry must be text"):
        inner.text("entry")
    assert str(inner.missing("exit")).endswith("(step open: field verify.exit is missing)")

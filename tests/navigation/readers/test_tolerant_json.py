"""JSON as people keep it: what is mended, what is refused, and that no input is expensive."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.navigation.drift import MapError
from harness.navigation.readers.report import DriftReport
from harness.navigation.readers.tolerant_json import MAX_BYTES, MAX_DEPTH, MAX_VALUES, parse


def parsed(text: str | bytes) -> tuple[Any, list[str]]:
    report = DriftReport("a.json")
    value = parse(text if isinstance(text, bytes) else text.encode(), report)
    return value, [line.code for line in report.lines()]


def refusal(text: str | bytes) -> str:
    with pytest.raises(MapError) as refused:
        parsed(text)
    return refused.value.why


def test_plain_json_is_read_without_drift() -> None:
    assert parsed('{"a": [1, 2.5, "x", null, true]}') == ({"a": [1, 2.5, "x", None, True]}, [])


def test_line_and_block_comments_are_left_out_with_one_line() -> None:
    assert parsed('{ // one\n "a": /* two\n lines */ 1 /**/ }') == ({"a": 1}, ["comments"])


def test_trailing_commas_are_left_out_even_before_a_comment() -> None:
    assert parsed('{"a": [1, 2, // last\n ], }') == ({"a": [1, 2]}, ["comments", "trailing_commas"])


def test_comment_signs_and_commas_inside_texts_stay() -> None:
    text = json.dumps({"url": "https://x/*y*/,]", "quoted": 'say "//" , }'})
    assert parsed(text) == (json.loads(text), [])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_left_out(encoding: str) -> None:
    assert parsed('{"a": "é"}'.encode(encoding)) == ({"a": "é"}, ["bom"])


def test_the_last_of_repeated_keys_counts() -> None:
    assert parsed('{"a": 1, "a": 2}') == ({"a": 2}, ["duplicate_keys"])


@pytest.mark.parametrize("text", ["[NaN]", "[Infinity]", "[-Infinity]", "[1e999]", f"[{'1' * 5000}]", f"[-{'9' * 19}]"])
def test_numbers_that_json_or_a_double_cannot_hold_are_refused(text: str) -> None:
    assert "it holds" in refusal(text)


def test_half_of_a_surrogate_pair_is_refused_and_a_whole_one_is_read() -> None:
    assert parsed(r'["\ud83d\ude00"]') == (["😀"], [])
    assert "surrogate" in refusal(r'["\ud83d"]')
    assert "surrogate" in refusal(r'{"\ud83d": 1}')


@pytest.mark.parametrize(
    "text", ["", "{", "[1,,2]", "[,]", "{,}", '{"a"}', "nothing", '"open', "[1] [2]", "/", "[1 / 2]"]
)
def test_what_is_no_json_even_so_is_refused_with_its_place(text: str) -> None:
    assert "it is not JSON" in refusal(text)


def test_places_in_errors_are_those_of_the_file_also_after_a_comment_of_several_lines() -> None:
    assert "in line 4" in refusal("{ /* one\n two\n three */\n oops }")


def test_a_comment_without_an_end_is_refused() -> None:
    assert "line 2" in refusal("[1]\n/* and so on")
    assert "no end" in refusal("[1] /*/")


def test_bytes_that_are_no_text_are_refused() -> None:
    assert "not utf-8" in refusal(b'{"a": "\xff"}')


def test_depth_is_bounded_before_the_parser_can_recurse() -> None:
    assert parsed("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1] == []
    assert "levels deep" in refusal("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert "levels deep" in refusal('{"a":' * 10_000)


def test_values_are_bounded_and_keys_are_not_counted_as_values() -> None:
    entries = MAX_VALUES - 1
    assert len(parsed(json.dumps({str(n): n for n in range(entries)}))[0]) == entries
    assert "values" in refusal("[" + "1," * MAX_VALUES + "1]")


def test_size_is_bounded() -> None:
    assert "MiB" in refusal(b" " * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "unit", ['"', '\\"', '"\\', "/*", "/", "//\n", "[", "]", ",", ":", '"":', "-", "1e", " ", "\x00"]
)
def test_no_unit_repeated_to_the_full_size_is_expensive_or_escapes_as_another_error(unit: str) -> None:
    """Quadratic scanning of 8 MiB would hit the test's time limit by far."""
    refusal((unit * (MAX_BYTES // len(unit)))[:MAX_BYTES])


def test_an_unterminated_text_of_escaped_quotes_is_scanned_once() -> None:
    refusal('["' + '\\"' * (MAX_BYTES // 2 - 4))

"""JSON as people keep it: bounded before it is parsed, and tolerant of comments, trailing commas and a byte order mark.

One pass over the tokens checks the bounds (bytes, depth, values) and finds what strict JSON refuses; only then does
the standard parser see the text, so that no file can exhaust the stack or the memory (FAULTS 5.6).
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any, Final

from harness.navigation.readers.report import DriftReport

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 200_000
_MAX_TOKENS: Final = 2_000_000
_MAX_INTEGER_DIGITS: Final = 18

# Possessive quantifiers: an unterminated string or comment is matched once and never scanned again.
_TOKEN: Final = re.compile(
    r"""(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)"""
    r"|(?P<comment>//[^\r\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?)"
    r"|(?P<punctuation>[{}\[\],:])"
    r"|(?P<scalar>[^\s\"{}\[\],:/]++)",
    re.DOTALL,
)
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def parse(data: bytes, report: DriftReport) -> Any:
    """The value in `data`; each tolerance used is a drift line (`bom`, `comments`, `trailing_commas`, `duplicate_keys`).

    Raises MapError when a bound is passed, when the text is no JSON even so, and for NaN, Infinity, numbers outside
    what a double or 18 digits hold, and half surrogate pairs.
    """
    if len(data) > MAX_BYTES:
        raise report.refuse(
            f"it is larger than {MAX_BYTES // 1024 // 1024} MiB", todo="split the path into smaller maps"
        )
    text = _mend(_decode(data, report), report)
    value = _load(text, report)
    if "\\u" in text:
        _refuse_half_surrogates(value, report)
    return value


def _decode(data: bytes, report: DriftReport) -> str:
    encoding = "utf-8"
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            report.add("bom", found=f"byte order mark of {name}", done="left out")
            break
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise report.refuse(f"it is not {encoding} text ({error.reason} at byte {error.start})") from error


def _mend(text: str, report: DriftReport) -> str:
    """The text without comments and trailing commas, after the bounds were checked; lines keep their numbers."""
    depth = values = lexemes = 0
    comma: int | None = None  # where a comma stands that follows a value, with nothing after it until now
    previous = "["
    commas: list[int] = []
    comments: list[tuple[int, int]] = []
    for match in _TOKEN.finditer(text):
        lexemes += 1
        if lexemes > _MAX_TOKENS:
            raise report.refuse(f"it holds more than {_MAX_TOKENS:,} tokens")
        lexeme = match.group()
        if match.lastgroup == "comment":
            comments.append(match.span())
            if lexeme.startswith("/*") and not (len(lexeme) > 3 and lexeme.endswith("*/")):
                raise report.refuse(f"the comment that begins in line {_line(text, match.start())} has no end")
            continue
        if match.lastgroup == "punctuation":
            if lexeme in "{[":
                depth += 1
                values += 1
                if depth > MAX_DEPTH:
                    raise report.refuse(f"it is nested more than {MAX_DEPTH} levels deep")
            elif lexeme in "}]":
                depth -= 1
                if comma is not None:
                    commas.append(comma)
            elif lexeme == ":":
                values -= 1  # what stood before it was a key
        else:
            values += 1
        if values > MAX_VALUES:
            raise report.refuse(f"it holds more than {MAX_VALUES:,} values")
        comma = match.start() if lexeme == "," and previous not in ("[", "{", ",") else None
        previous = lexeme
    if comments:
        report.add("comments", found=f"{len(comments)} comments", done="left out")
    if commas:
        report.add("trailing_commas", found=f"{len(commas)} trailing commas", done="left out")
    return _blank(text, [*comments, *((at, at + 1) for at in commas)])


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in sorted(spans):
        pieces += (text[position:start], " ", "\n" * text.count("\n", start, end))
        position = end
    return "".join((*pieces, text[position:]))


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _load(text: str, report: DriftReport) -> Any:
    repeated: list[str] = []

    def whole(digits: str) -> int:
        if len(digits.lstrip("-")) > _MAX_INTEGER_DIGITS:
            raise report.refuse(f"it holds a whole number of {len(digits)} digits")
        return int(digits)

    def fraction(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            raise report.refuse("it holds a number that no double can hold")
        return number

    def constant(name: str) -> Any:
        raise report.refuse(f"it holds {name}, which is no JSON number")

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            seen: set[str] = set()
            repeated.extend(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return found

    try:
        value = json.loads(
            text, parse_int=whole, parse_float=fraction, parse_constant=constant, object_pairs_hook=object_of
        )
    except json.JSONDecodeError as error:
        raise report.refuse(f"it is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    if repeated:
        report.add(
            "duplicate_keys", field=repeated[0], found=f"{len(repeated)} repeated keys", done="the last one counts"
        )
    return value


def _refuse_half_surrogates(value: Any, report: DriftReport) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise report.refuse("it holds half of a surrogate pair, which no page and no log can take") from error

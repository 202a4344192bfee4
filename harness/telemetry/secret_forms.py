"""Every form in which a secret may stand in a line, as regular expressions.

Plain, JSON-escaped, URL-encoded and any mixture and nesting of these (a JSON text within a JSON text, a query value within
a query value; which characters an encoder escapes, and how, is its own choice), and base64 in both alphabets at each of
its three alignments, whatever bytes stand around the secret.
"""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Iterator
from typing import NamedTuple

MIN_BASE64 = 4
"""Fewer characters of base64 than this tell nothing, and would be found everywhere."""

_SHORT_ESCAPES = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\0": "0"}
_PLAIN = frozenset(string.ascii_letters + string.digits)


_BACKSLASH = r"(?:\\|%(?:25)*5[cC])"
# Backslashes double with each nesting, so any number of them may stand before a character. Never may two parts of the
# pattern share them out (the time to match would explode): behind a backslash of the secret itself a character takes
# none, and a secret does not begin with more than it needs.


class Form(NamedTuple):
    """A pattern without groups, and a text that all its matches hold: finding none of them is far faster."""

    pattern: str
    needle: str


def secret_forms(value: str) -> list[Form]:
    """What together matches every form of `value`; ValueError where it is not valid Unicode."""
    cores = list(_base64_cores(value.encode()))
    encoded = (Form("".join(map(_base64_character, core)), _needle(core)) for core in cores)
    return [Form(_text_pattern(value), _needle(value)), *encoded]


def _needle(text: str) -> str:
    """The longest part that no encoder touches; empty where there is none."""
    runs: list[str] = re.findall(r"[A-Za-z0-9]*", text)
    return max(runs, key=len)


def _text_pattern(value: str) -> str:
    plain = ""
    may, must = "", _BACKSLASH
    for run in re.findall(r"\\+|[^\\]", value):
        if run[0] == "\\":
            most = "" if plain else str(16 * len(run))  # a page may send nothing but backslashes
            plain += rf"(?:{_BACKSLASH}|[uU](?:0000)?005[cC]|x5[cC]){{{len(run)},{most}}}"
            may, must = "", ""
        else:
            plain += _character(run, may, must)
            may, must = f"{_BACKSLASH}*", f"{_BACKSLASH}+"
    return plain


def _character(character: str, may: str, must: str) -> str:
    """One character as it may stand in text; `may` and `must`: the backslashes that do so before it."""
    if character in _PLAIN:  # no encoder escapes these
        return character
    code = ord(character)
    escapes = [f"U{_hex(code, 8)}"]
    if code < 0x100:
        escapes.append(f"x{_hex(code, 2)}")
    if code < 0x10000:
        escapes.append(f"u{_hex(code, 4)}")
    else:
        high, low = 0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code - 0x10000 & 0x3FF)
        escapes.append(f"u{_hex(high, 4)}{_BACKSLASH}+u{_hex(low, 4)}")
    if character in _SHORT_ESCAPES:
        escapes.append(_SHORT_ESCAPES[character])
    plain = [re.escape(character), "".join(f"%(?:25)*{_hex(byte, 2)}" for byte in character.encode())]
    if character == " ":
        plain.append(r"\+")
    return f"(?:{may}(?:{'|'.join(plain)})|{must}(?:{'|'.join(escapes)}))"


def _hex(number: int, digits: int) -> str:
    """A number in hex, each letter in either case."""
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in f"{number:0{digits}x}")


def _base64_cores(raw: bytes) -> Iterator[str]:
    """For each alignment, the characters that depend on `raw` alone."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw + b"\0" * (-(before + len(raw)) % 3)).decode()
        core = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        if len(core) >= MIN_BASE64:
            yield core


def _base64_character(character: str) -> str:
    if character == "+":
        return r"(?:[+-]|%(?:25)*2[Bb])"
    if character == "/":
        return r"(?:\\*/|_|%(?:25)*2[Ff])"
    return character

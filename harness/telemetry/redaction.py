"""Redaction at one choke point: nothing reaches a sink's queue but through `Redactor`.

Known secrets are looked for in the whole encoded line, in every form in which they travel (plain, JSON-escaped,
URL-encoded, base64 in its three alignments, both alphabets); patterns (URL user-info and query values, authorisation
headers, tokens) in the fields that the catalogue calls text. What fails to be redacted is not written: the caller then
writes the event's skeleton.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from harness.basics.secret import Secret

MIN_SECRET_LENGTH = 4
"""Shorter secrets cannot be found in text without redacting half of it; they are refused when they are added."""

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s:@?#]*(?::[^/\s@?#]*)?@"), r"\1[redacted]@"),
    (
        re.compile(
            r"(?i)([?&#;](?:access_token|api_?key|auth|code|id_token|jwt|key|pass(?:word|wd)?|pwd|refresh_token|secret|"
            r"session(?:id)?|sig(?:nature)?|token)=)[^&#\s\"'<>]+"
        ),
        r"\1[redacted]",
    ),
    (re.compile(r"(?i)\b(authorization|cookie|set-cookie|proxy-authorization)(\s*[:=]\s*)[^\r\n]+"), r"\1\2[redacted]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.=~-]{8,}"), r"\1 [redacted]"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), "[redacted]"),
)


def _base64_forms(raw: bytes) -> Iterator[bytes]:
    """The characters that every base64 text holding `raw` must contain, whatever bytes stand around it."""
    for alignment in range(3):
        encoded = base64.b64encode(b"\0" * alignment + raw + b"\0" * ((3 - (alignment + len(raw)) % 3) % 3))
        first = (alignment * 8 + 5) // 6
        last = (alignment + len(raw)) * 8 // 6
        core = encoded[first:last]
        if len(core) >= MIN_SECRET_LENGTH:
            yield core
            yield core.replace(b"+", b"-").replace(b"/", b"_")


def secret_forms(value: str) -> frozenset[bytes]:
    """Every byte sequence by which `value` may stand in a line of JSON."""
    raw = value.encode()
    forms = {
        raw,
        msgspec.json.encode(value)[1:-1],
        quote(value, safe="").encode(),
        quote(value, safe="").lower().encode(),
        quote_plus(value).encode(),
        quote(value).encode(),
        *_base64_forms(raw),
    }
    ascii_escaped = value.encode("ascii", "backslashreplace")
    if b"\\x" not in ascii_escaped:
        forms.add(ascii_escaped)
    return frozenset(forms)


class Redactor:
    """Knows the run's secrets; `line` and `text` return what may be written."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._forms: dict[bytes, str] = {}
        self._pattern: re.Pattern[bytes] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Redact this secret from now on; ValueError when it is too short to be found safely."""
        value = secret.reveal()
        if len(value) < MIN_SECRET_LENGTH:
            raise ValueError(f"{secret} is shorter than {MIN_SECRET_LENGTH} characters and cannot be redacted")
        for form in secret_forms(value):
            self._forms[form] = secret.name
        ordered = sorted(self._forms, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(form) for form in ordered))

    def line(self, encoded: bytes) -> bytes:
        """An encoded line without any known secret."""
        if self._pattern is None:
            return encoded
        return self._pattern.sub(self._mark, encoded)

    def _mark(self, match: re.Match[bytes]) -> bytes:
        name = self._forms[match.group()]
        return msgspec.json.encode(f"[redacted {name}]")[1:-1]

    def text(self, value: Any) -> Any:
        """A text field (or a table of them) after the patterns; other values are returned as they are."""
        if isinstance(value, str):
            for pattern, replacement in _PATTERNS:
                value = pattern.sub(replacement, value)
            return value
        if isinstance(value, dict):
            return {key: self.text(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.text(item) for item in value]
        return value

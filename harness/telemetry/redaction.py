"""Redaction at one choke point: nothing reaches a sink's queue, or a run folder otherwise, but through `Redactor`.

Known secrets come first, in every text of a line, in every form in which they travel (`secret_forms`); then, in the
fields that the catalogue calls text, patterns (URL user-info and query values, authorisation headers, tokens). The other
way round a pattern could cut a secret in two and leave the half of it that it does not know. What fails to be redacted
is not written: the caller then writes the event's skeleton.

Not searched are an event's own keys, its channel, name and level, and numbers: a secret is text and never becomes one of
them here, but a short one may occur in every time stamp.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from harness.basics.secret import Secret
from harness.runfolder.event import CORRELATION_FIELDS
from harness.telemetry.secret_forms import secret_forms

MIN_SECRET_LENGTH = 4
"""Shorter secrets cannot be found in text without redacting half of it; they are refused when they are added."""

MAX_TEXT = 8192
"""Characters of one text that are kept: pages and sites choose what they say, and must not fill our disk."""

_MARK_FORMS = ("[redacted {name}]", "[redacted]", "***")

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # Up to the last @ of the authority, as browsers read it. Repetitions are bounded: the text may be hostile.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)[^/\s?#]*@"), r"\1[redacted]@"),
    (
        re.compile(
            r"(?i)([?&#;](?:access_token|api_?key|auth|code|id_token|jwt|key|pass(?:word|wd)?|pwd|refresh_token|secret|"
            r"session(?:id)?|sig(?:nature)?|token)=)(?!\[redacted)[^&#\s\"'<>]+"
        ),
        r"\1[redacted]",
    ),
    (
        re.compile(r"(?i)\b(authorization|cookie|set-cookie|proxy-authorization)([\"']?\s{0,8}[:=]\s{0,8})[^\r\n]+"),
        r"\1\2[redacted]",
    ),
    (re.compile(r"(?i)\b(bearer|basic)\s{1,8}[A-Za-z0-9+/_.=~-]{8,}"), r"\1 [redacted]"),
    (re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), "[redacted]"),
)


class UnredactableError(ValueError):
    """A secret is still there after redaction; what holds it must not be written."""


class Redactor:
    """Knows the run's secrets; `line`, `text`, `document` and `tree` return what may be written."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._secrets: list[Secret] = []
        self._pattern: re.Pattern[str] | None = None
        self._marks: list[str] = []
        self._needles: set[str] = set()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret) -> None:
        """Redact this secret from now on; ValueError when it is too short to be found safely."""
        if len(secret.reveal()) < MIN_SECRET_LENGTH:
            raise ValueError(f"{secret} is shorter than {MIN_SECRET_LENGTH} characters and cannot be redacted")
        # The longest first: where one secret begins with another, the whole of it has to go.
        self._secrets = sorted([*self._secrets, secret], key=lambda known: len(known.reveal()), reverse=True)
        forms = [secret_forms(known.reveal()) for known in self._secrets]
        pattern = re.compile("|".join(f"({'|'.join(form.pattern for form in of_one)})" for of_one in forms))
        self._needles = {form.needle for of_one in forms for form in of_one}
        self._marks = [_mark(known, pattern) for known in self._secrets]
        self._pattern = pattern

    def line(self, encoded: bytes) -> bytes:
        """An encoded line without any known secret; UnredactableError when one is still there."""
        # Whatever a text of the line matches, the encoded line matches, too: the forms know every JSON escape.
        if not self.holds_secret(encoded.decode()):
            return encoded
        event: dict[str, Any] = msgspec.json.decode(encoded)
        for name in CORRELATION_FIELDS:
            if name in event:
                event[name] = self._known(event[name])
        if "fields" in event:
            event["fields"] = {name: self._known(value) for name, value in event["fields"].items()}
        return msgspec.json.encode(event) + encoded[len(encoded.rstrip(b"\n")) :]

    def holds_secret(self, text: str) -> bool:
        """Whether a known secret stands in a text, in any of its forms."""
        if self._pattern is None or not any(needle in text for needle in self._needles):
            return False
        return self._pattern.search(text) is not None

    def _known(self, value: Any) -> Any:
        """`value` without known secrets: its texts, and the keys and texts of what it holds."""
        if isinstance(value, str):
            return self._known_text(value)
        if isinstance(value, dict):
            return {self._known(key): self._known(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._known(item) for item in value]
        return value

    def _known_text(self, text: str) -> str:
        if self._pattern is None or not self.holds_secret(text):
            return text
        text = self._pattern.sub(lambda match: self._marks[(match.lastindex or 1) - 1], text)
        if self._pattern.search(text):
            raise UnredactableError("what is left beside a mark is a secret again")
        return text

    def document(self, text: str) -> str:
        """A whole text of any length without known secrets and patterns; UnredactableError when one is still there."""
        text = self._known_text(str(text))
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        if self.holds_secret(text):
            raise UnredactableError("what is left beside a mark is a secret again")
        return text

    def tree(self, value: Any) -> Any:
        """Texts, lists and tables of them, each text and each key as `document` returns it; keys stay apart."""
        if isinstance(value, str):
            return self.document(value)
        if isinstance(value, Mapping):
            clean: dict[Any, Any] = {}
            for key, item in value.items():
                name = key = self.document(key) if isinstance(key, str) else key
                number = 1
                while name in clean:
                    number += 1
                    name = f"{key} ({number})"
                clean[name] = self.tree(item)
            return clean
        if isinstance(value, list | tuple):
            return [self.tree(item) for item in value]
        return value

    def text(self, value: Any) -> Any:
        """A text field (or a table of them) without known secrets and patterns, at most MAX_TEXT long; other values
        are returned as they are.
        """
        if isinstance(value, str):
            text = self.document(value)
            return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… ({len(text)} characters)"
        if isinstance(value, dict):
            return {key: self.text(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.text(item) for item in value]
        return value


def _mark(secret: Secret, pattern: re.Pattern[str]) -> str:
    """What stands in a secret's place; without its name where that holds a secret (an account whose password it is)."""
    marks = (form.format(name=secret.name) for form in _MARK_FORMS)
    return next((mark for mark in marks if pattern.search(mark) is None), "")

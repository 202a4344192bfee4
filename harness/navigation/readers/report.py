"""What one reader has to tell about one file: its drift lines, and the refusal that names file, step and field."""

from __future__ import annotations

from typing import Any, Final

from harness.navigation.drift import DriftLine, MapError

_SHOWN_CHARACTERS: Final = 80


def shorten(text: str) -> str:
    """The text on one line of at most 80 characters; what could move a terminal's cursor is shown as an escape."""
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in shown)


def kind_of(value: Any) -> str:
    """The JSON name of a value's type: told instead of a value, which may be a password."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


class DriftReport:
    """Collects the drift lines of one file, in the order of the repairs."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._lines: list[DriftLine] = []

    def add(self, code: str, *, found: str, done: str, step: str = "-", field: str = "-") -> None:
        """Tell one repair; `found` never carries a text that a step enters."""
        self._lines.append(DriftLine(code, self.file, step, shorten(field), shorten(found), shorten(done)))

    def lines(self) -> tuple[DriftLine, ...]:
        """Every line until now."""
        return tuple(self._lines)

    def refuse(self, why: str, *, step: str = "-", field: str = "", todo: str = "") -> MapError:
        """The error to raise when the file cannot be used; `why` goes on from "the map cannot be used: …"."""
        where = "".join((f"step {shorten(step)}: " if step != "-" else "", f"field {shorten(field)} " if field else ""))
        return MapError(
            f"map {shorten_path(self.file)} cannot be used", why=where + why, todo=todo, file=self.file, step=step
        )


def shorten_path(path: str) -> str:
    """A path with unprintable signs escaped; kept whole, because a person looks for the file."""
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in path)

"""One JSON object, read field by field: each `take` checks the type and marks the field as known; `rest` is drift.

A field that is null counts as absent. A wrong type is a MapError that names step and field and never shows the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.navigation.readers.report import DriftReport, kind_of

_BOOLEANS: Final = {"true": True, "false": False}


class Fields:
    """The fields of one object; `prefix` tells where it stands in its step (`verify.`)."""

    def __init__(self, raw: Mapping[str, Any], report: DriftReport, step: str = "-", prefix: str = "") -> None:
        self._raw = raw
        self._known: set[str] = set()
        self.report = report
        self.step = step
        self.prefix = prefix

    def __contains__(self, name: str) -> bool:
        """Whether the field stands there with a value other than null."""
        return self._raw.get(name) is not None

    def take(self, name: str) -> Any:
        """The value as it stands, None where it is absent."""
        self._known.add(name)
        return self._raw.get(name)

    def text(self, name: str, *, empty: bool = False) -> str | None:
        """A text; an empty one is refused unless `empty`."""
        value = self.take(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.wrong(name, f"must be text and is {kind_of(value)}")
        if not value and not empty:
            raise self.wrong(name, "is empty")
        return value

    def number(self, name: str, low: float | None = None, high: float | None = None) -> float | None:
        """A finite number within low..high."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, f"must be a number and is {kind_of(value)}")
        if (low is not None and value < low) or (high is not None and value > high):
            raise self.wrong(name, f"is {value:g}, outside {_bounds(low, high)}")
        return float(value)

    def whole(self, name: str, low: int | None = None, high: int | None = None) -> int | None:
        """A whole number within low..high (10.0 is one)."""
        value = self.number(name, low, high)
        if value is not None and not value.is_integer():
            raise self.wrong(name, f"must be a whole number and is {value:g}")
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        """A boolean; "true" and "false" as text are mended (`string_for_boolean`)."""
        value = self.take(name)
        if isinstance(value, str) and value.strip().lower() in _BOOLEANS:
            mended = _BOOLEANS[value.strip().lower()]
            self.drift("string_for_boolean", name, found=f'"{value}"', done=f"read as {str(mended).lower()}")
            return mended
        if value is not None and not isinstance(value, bool):
            raise self.wrong(name, f"must be true or false and is {kind_of(value)}")
        return value

    def choice(self, name: str, among: tuple[str, ...]) -> str | None:
        """One of a few texts."""
        value = self.text(name)
        if value is not None and value not in among:
            raise self.wrong(name, f"must be one of {', '.join(among)}")
        return value

    def array(self, name: str) -> list[Any] | None:
        """A list."""
        value = self.take(name)
        if value is not None and not isinstance(value, list):
            raise self.wrong(name, f"must be a list and is {kind_of(value)}")
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """An object, as it stands."""
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            raise self.wrong(name, f"must be an object and is {kind_of(value)}")
        return value

    def inner(self, name: str) -> Fields | None:
        """An object, to be read field by field."""
        value = self.mapping(name)
        return None if value is None else Fields(value, self.report, self.step, f"{self.prefix}{name}.")

    def seconds(self, name: str, low_ms: float, high_ms: float) -> float | None:
        """A time given in milliseconds, as seconds."""
        value = self.number(name, low_ms, high_ms)
        return None if value is None else value / 1000

    def rest(self) -> dict[str, Any]:
        """What nobody took, as it stands."""
        return {name: value for name, value in self._raw.items() if name not in self._known}

    def report_rest(self, code: str, done: str) -> dict[str, Any]:
        """What nobody took, each as a drift line; names and types are told, values are not."""
        rest = self.rest()
        for name, value in rest.items():
            self.drift(code, name, found=kind_of(value), done=done)
        return rest

    def drift(self, code: str, name: str, *, found: str, done: str) -> None:
        """One drift line about a field of this object."""
        self.report.add(code, step=self.step, field=self.prefix + name, found=found, done=done)

    def wrong(self, name: str, why: str) -> Exception:
        """The error that names this field."""
        return self.report.refuse(why, step=self.step, field=self.prefix + name)

    def missing(self, name: str) -> Exception:
        """The error for a required field that is absent."""
        return self.wrong(name, "is missing")


def _bounds(low: float | None, high: float | None) -> str:
    if high is None:
        return f"at least {low:g}"
    return f"{low:g}..{high:g}" if low is not None else f"at most {high:g}"

"""What every bench shares: its options, a figure, and how figures are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class BenchOptions(NamedTuple):
    """quick: end within a minute; json: nothing but figures on standard output; only: the parts of a bench that are wanted,
    where it has parts (none: all)."""

    quick: bool = False
    json: bool = False
    only: tuple[str, ...] = ()

    def say(self, text: str) -> None:
        """Tell something beside the figures: on standard output for people, on standard error with `json`."""
        print(text, file=sys.stderr if self.json else sys.stdout, flush=True)


class Figure(NamedTuple):
    """One measured figure. target: what it is compared with, in words; ok: None where nothing was promised; against:
    what was measured beside it, or what it stands for."""

    name: str
    value: float | None
    unit: str
    target: str = ""
    ok: bool | None = None
    against: str = ""


def show_figures(figures: Iterable[Figure], options: BenchOptions) -> None:
    """One JSON object a line as they come, or a table when all are there."""
    if options.json:
        for figure in figures:
            print(json.dumps(figure._asdict()), flush=True)
        return
    rows: list[tuple[str, ...]] = [("figure", "value", "unit", "target", "ok", "against")]
    rows += [(f.name, _number(f.value), f.unit, f.target, _word(f.ok), f.against) for f in figures]
    for line in table_lines(rows):
        print(line)


def table_lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows of words as lines with aligned columns; the first row is the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def _word(ok: bool | None) -> str:
    return "" if ok is None else "ok" if ok else "NOT OK"

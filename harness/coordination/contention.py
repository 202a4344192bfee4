"""Contention figures in place: counters and histograms by scope kind; an uncontended acquire costs no event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.telemetry.histogram import LogHistogram


@dataclass(slots=True)
class KindFigures:
    """Figures of one scope kind; times in ms."""

    acquires: int = 0
    contended: int = 0
    timeouts: int = 0
    revoked: int = 0
    wait_ms: LogHistogram = field(default_factory=LogHistogram)
    hold_ms: LogHistogram = field(default_factory=LogHistogram)


class Contention:
    """Figures by scope kind."""

    def __init__(self) -> None:
        self._kinds: dict[str, KindFigures] = {}

    def of(self, kind: str) -> KindFigures:
        """The figures of a kind, made on first use."""
        figures = self._kinds.get(kind)
        if figures is None:
            figures = self._kinds[kind] = KindFigures()
        return figures

    def __iter__(self) -> Iterator[tuple[str, KindFigures]]:
        return iter(sorted(self._kinds.items()))

"""Plots as inline SVG: no script, no request; colours are CSS classes, so that the page decides light or dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from harness.evidence.inert import inert
from harness.readiness.series import Line, Mark, Stack

WIDTH, HEIGHT = 920, 260
_LEFT, _RIGHT, _TOP = 64, 16, 20
_LEGEND_ROW = 20
_CHARACTER = 6.6  # average width of a character at the size of the legend
_PLOT_WIDTH = WIDTH - _LEFT - _RIGHT


class _Frame:
    """The axes of one plot: maps seconds and values to pixels. x_max in seconds, y_max in the unit of the plot."""

    def __init__(self, x_max: float, y_max: float, y_label: str, *, whole: bool = False) -> None:
        self.x_max = max(x_max, 1.0)
        step = _nice_step(y_max / 4 if y_max > 0 else 1.0)
        self.step = max(step, 1.0) if whole else step
        self.y_max = self.step * max(1, math.ceil(y_max / self.step - 1e-9))
        self.y_label = y_label
        self.bottom = HEIGHT - 44

    def x(self, seconds: float) -> float:
        return _LEFT + min(max(seconds, 0.0), self.x_max) / self.x_max * _PLOT_WIDTH

    def y(self, value: float) -> float:
        return self.bottom - min(max(value, 0.0), self.y_max) / self.y_max * (self.bottom - _TOP)

    def axes(self) -> list[Markup]:
        """Grid, ticks and both labels."""
        parts = []
        for number in range(round(self.y_max / self.step) + 1):
            value = number * self.step
            y = self.y(value)
            parts.append(_el('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>', _LEFT, WIDTH - _RIGHT, y, y))
            parts.append(_el('<text class="tick end" x="{}" y="{}">{}</text>', _LEFT - 8, y + 4, f"{value:,g}"))
        unit, divisor = _time_unit(self.x_max)
        step = _nice_step(self.x_max / divisor / 8)
        for number in range(int(self.x_max / divisor / step + 1e-9) + 1):
            x = self.x(number * step * divisor)
            parts.append(
                _el('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>', x, x, self.bottom, self.bottom + 4)
            )
            parts.append(
                _el('<text class="tick mid" x="{}" y="{}">{}</text>', x, self.bottom + 17, f"{number * step:g}")
            )
        baseline = '<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        parts.append(_el(baseline, _LEFT, WIDTH - _RIGHT, self.bottom, self.bottom))
        label = f"time since the start of work ({unit})"
        parts.append(_el('<text class="label mid" x="{}" y="{}">{}</text>', _LEFT + _PLOT_WIDTH / 2, HEIGHT - 8, label))
        middle = (self.bottom + _TOP) / 2
        turned = '<text class="label mid" transform="rotate(-90 14 {})" x="14" y="{}">{}</text>'
        parts.append(_el(turned, middle, middle, self.y_label))
        return parts

    def marks(self, marks: Sequence[Mark]) -> list[Markup]:
        """Vertical lines with what happened there."""
        parts = []
        for mark in marks:
            x = self.x(mark.at_s)
            parts.append(_el('<line class="fault" x1="{}" x2="{}" y1="{}" y2="{}"/>', x, x, _TOP - 6, self.bottom))
            side, shift = ("end", -5) if x > WIDTH * 0.8 else ("start", 5)
            label = f"injected: {inert(mark.label, 40)}"
            parts.append(_el('<text class="fault-label {}" x="{}" y="{}">{}</text>', side, x + shift, _TOP - 8, label))
        return parts


def line_plot(title: str, lines: Sequence[Line], *, x_max: float, y_label: str, marks: Sequence[Mark] = ()) -> Markup:
    """Curves over time. Points stand out, so that a lone one is seen; the legend stands below."""
    top = max((value for line in lines for _, value in line.points), default=0.0)
    frame = _Frame(x_max, top, y_label)
    parts = frame.axes()
    for line in lines:
        at = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line.points)
        dash = " dashed" if line.dashed else ""
        parts.append(_el('<polyline class="curve s{}{}" points="{}"/>', line.key % 8, dash, at))
        if len(line.points) <= 60:
            radius = 1.8 if line.dashed else 2.4
            dot = '<circle class="f{}" cx="{}" cy="{}" r="{}"/>'
            parts += [_el(dot, line.key % 8, frame.x(x), frame.y(y), radius) for x, y in line.points]
    parts += frame.marks(marks)
    entries = [(line.label, f"s{line.key % 8}", line.dashed) for line in lines]
    return _svg(title, parts, _line_legend(entries), empty="" if lines else "nothing to draw")


def stacked_plot(
    title: str,
    stacks: Sequence[Stack],
    *,
    x_max: float,
    bucket_s: float,
    y_label: str,
    marks: Sequence[Mark] = (),
    empty: str = "nothing to draw",
    whole: bool = False,
) -> Markup:
    """Stacked bars, one for each bucket; `whole`: the values are counts, so the axis has no fractions."""
    size = max((len(stack.values) for stack in stacks), default=0)
    sums = [sum(stack.values[number] for stack in stacks) for number in range(size)]
    frame = _Frame(max(x_max, size * bucket_s), max(sums, default=0.0), y_label, whole=whole)
    parts = frame.axes()
    for number in range(size):
        base = 0.0
        left, right = frame.x(number * bucket_s), frame.x((number + 1) * bucket_s)
        gap = min(1.5, (right - left) * 0.1)
        for stack in stacks:
            value = stack.values[number]
            if value > 0:
                y, bottom = frame.y(base + value), frame.y(base)
                bar = '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
                told = f"{stack.label}: {value:,g} from {number * bucket_s:g} s to {(number + 1) * bucket_s:g} s"
                parts.append(_el(bar, stack.tone, left + gap, y, max(0.5, right - left - 2 * gap), bottom - y, told))
                base += value
    parts += frame.marks(marks)
    return _svg(title, parts, _bar_legend(stacks), empty="" if any(sums) else empty)


def _line_legend(entries: Sequence[tuple[str, str, bool]]) -> tuple[list[Markup], int]:
    def swatch(number: int, x: float, y: float) -> Markup:
        _, tone, dashed = entries[number]
        dash = " dashed" if dashed else ""
        line = '<line class="curve {}{}" x1="{}" x2="{}" y1="{}" y2="{}"/>'
        return _el(line, tone, dash, x, x + 22, y - 4, y - 4)

    return _legend([label for label, _, _ in entries], swatch)


def _bar_legend(stacks: Sequence[Stack]) -> tuple[list[Markup], int]:
    def swatch(number: int, x: float, y: float) -> Markup:
        box = '<rect class="{}" x="{}" y="{}" width="12" height="12" rx="2"/>'
        return _el(box, stacks[number].tone, x + 8, y - 10)

    return _legend([stack.label for stack in stacks], swatch)


def _legend(labels: Sequence[str], swatch: Callable[[int, float, float], Markup]) -> tuple[list[Markup], int]:
    """Entries from left to right, on as many rows as they need; returns them and the rows' height."""
    parts: list[Markup] = []
    x, y = float(_LEFT), HEIGHT + 14.0
    for number, label in enumerate(labels):
        shown = inert(label, 48)
        width = 34 + len(shown) * _CHARACTER + 18
        if x + width > WIDTH and x > _LEFT:
            x, y = float(_LEFT), y + _LEGEND_ROW
        parts.append(swatch(number, x, y))
        parts.append(_el('<text class="legend" x="{}" y="{}">{}</text>', x + 28, y, shown))
        x += width
    return parts, int(y - HEIGHT + 10) if labels else 0


def _svg(title: str, parts: Sequence[Markup], legend: tuple[list[Markup], int], *, empty: str) -> Markup:
    height = HEIGHT + legend[1]
    body = Markup("").join([*parts, *legend[0]])
    if empty:
        body += _el('<text class="empty mid" x="{}" y="{}">{}</text>', _LEFT + _PLOT_WIDTH / 2, HEIGHT / 2 - 10, empty)
    head = '<svg viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>'
    return _el(head, WIDTH, height, title, title) + body + Markup("</svg>")


def _el(template: str, *values: object) -> Markup:
    """A piece of SVG: every value is escaped, numbers are rounded to a tenth of a pixel."""
    shown = [f"{value:.1f}" if isinstance(value, float) else escape(value) for value in values]
    return Markup(template.format(*shown))  # noqa: S704 - template is a literal of this file, values are escaped


def _nice_step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough - 1e-12)


def _time_unit(seconds: float) -> tuple[str, float]:
    if seconds <= 300:
        return "s", 1.0
    return ("min", 60.0) if seconds <= 3 * 3600 else ("h", 3600.0)

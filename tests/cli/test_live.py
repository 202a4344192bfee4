"""The live view: one line that says how it goes, a table of workers, and nothing at all where it is silent."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import anyio
from rich.console import Console

from harness.burnin.runner import RunStatus
from harness.cdp.finding import BrowserBinary
from harness.cli.live import LiveView, draw, summary
from harness.pool.plan import RunFigures, WorkerView

BINARY = BrowserBinary(Path("/usr/bin/chrome"), "full", "PATH")


def status_of(*, left_s: float | None = 42.0) -> RunStatus:
    """A run as the view reads it."""
    figures = RunFigures()
    figures.spins, figures.failed, figures.unknown = 7, 1, 1
    view = WorkerView("w1", "c1", "running", "shop[red]", "Login", "s003-click")
    manager = SimpleNamespace(browser_id="b1", state=SimpleNamespace(value="healthy"), reconnects=2, restarts=1)
    status = SimpleNamespace(
        figures=figures,
        managers=[manager],
        phase="working",
        left_s=lambda: left_s,
        elapsed_s=lambda: 18.0,
        workers=lambda: [view],
    )
    return cast("RunStatus", status)


def screen(**more: Any) -> Console:
    return Console(file=io.StringIO(), width=200, **more)


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_line_tells_time_spins_failures_and_reconnects() -> None:
    line = summary(status_of())
    assert line == "[   18 s] working, 42 s left; spins 7, failures 2, p95 -, reconnects 2, restarts 1"
    assert "left" not in summary(status_of(left_s=None))


def test_the_latency_is_told_once_there_is_one() -> None:
    status = status_of()
    status.figures.latency_ms.add(100.0)
    assert "p95 10" in summary(status) or "p95 9" in summary(status)


def test_the_table_shows_each_worker_and_takes_no_markup_from_names() -> None:
    console = screen()
    console.print(draw(status_of()))
    shown = text_of(console)
    assert "b1 healthy" in shown
    for word in ("w1", "running", "shop[red]", "Login", "s003-click"):
        assert word in shown


def test_on_80_columns_every_figure_is_whole_and_every_worker_has_its_line() -> None:
    view = WorkerView(
        "w10000", "c12", "reconnecting", "cabinet-classic" * 2, "Select the machine", "s003-" + "click" * 9
    )
    view.spins, view.failures = 123_456, 98_765
    status = status_of()
    status.workers = lambda: [view, view]  # type: ignore[method-assign]
    console = Console(file=io.StringIO(), width=80)
    console.print(draw(status))
    lines = text_of(console).splitlines()
    rows = [line for line in lines if "w10000" in line]
    assert len(rows) == 2
    assert all("123456" in row and "98765" in row and "reconnecting" in row and len(row) <= 80 for row in rows)
    assert any("spins" in line and "failures" in line for line in lines)
    assert all("…" in row for row in rows)


def test_names_from_maps_steer_no_terminal() -> None:
    evil = "bad \x1b]0;title\x07\x1b[2J\x9b31m\u202etxt\x00\r\n[bold]loud"
    status = status_of()
    status.workers = lambda: [WorkerView("w1", "c1", "running", evil, evil, evil)]  # type: ignore[method-assign]
    console = screen()
    console.print(draw(status))
    shown = text_of(console)
    assert not [sign for sign in ("\x1b", "\x07", "\x9b", "\u202e", "\x00", "\r") if sign in shown]
    assert shown.count("[bold]loud") == 3
    assert len([line for line in shown.splitlines() if "loud" in line]) == 1


async def test_where_there_is_no_terminal_lines_are_printed_until_it_is_closed() -> None:
    console = screen(force_terminal=False)
    view = LiveView(console, silent=False, binary=BINARY, sandbox=False).attach(status_of())
    assert view is not None
    async with view:
        await anyio.wait_all_tasks_blocked()
    shown = text_of(console)
    assert "browser: /usr/bin/chrome (full, by PATH)" in shown
    assert "--no-sandbox" in shown
    assert "spins 7" in shown


async def test_in_a_terminal_the_table_is_drawn() -> None:
    console = screen(force_terminal=True)
    view = LiveView(console, silent=False, binary=BINARY, sandbox=True).attach(status_of())
    assert view is not None
    async with view:
        await anyio.wait_all_tasks_blocked()
    assert "s003-click" in text_of(console)
    assert "--no-sandbox" not in text_of(console)


def test_for_machines_nothing_is_drawn() -> None:
    console = screen()
    assert LiveView(console, silent=True, binary=BINARY, sandbox=False).attach(status_of()) is None
    assert text_of(console) == ""

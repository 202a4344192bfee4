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

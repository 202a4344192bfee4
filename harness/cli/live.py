"""The view of a run while it works: a live table in a terminal, plain progress lines where there is none."""

from __future__ import annotations

from typing import Self

import anyio
import anyio.abc
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from harness.burnin.runner import RunStatus
from harness.cdp.finding import BrowserBinary
from harness.evidence.inert import inert

REFRESH_S = 0.25
LINE_EVERY_S = 5.0


class LiveView:
    """Attached to a run's status by the application; draws until the run has ended."""

    def __init__(self, console: Console, *, silent: bool, binary: BrowserBinary | None, sandbox: bool) -> None:
        self._console = console
        self._silent = silent
        self._binary = binary
        self._sandbox = sandbox

    def attach(self, status: RunStatus) -> anyio.abc.AsyncResource | None:
        """An async context that draws; None where nothing is to be drawn."""
        if self._silent:
            return None
        if self._binary is None:
            self._console.print("browsers: attached to those at the profile's endpoints", markup=False)
        else:
            self._console.print(
                f"browser: {self._binary.path} ({self._binary.kind}, by {self._binary.origin})", markup=False
            )
        if not self._sandbox and self._binary is not None:
            self._console.print(
                "running as root: the browser gets --no-sandbox (uid 0 only)", markup=False, soft_wrap=True
            )
        return _Drawing(self._console, status)


class _Drawing(anyio.abc.AsyncResource):
    def __init__(self, console: Console, status: RunStatus) -> None:
        self._console = console
        self._status = status
        self._tasks = anyio.create_task_group()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._tasks.start_soon(self._table if self._console.is_terminal else self._lines, name="live view")
        return self

    async def aclose(self) -> None:
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def _table(self) -> None:
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(draw(self._status), refresh=True)
                await anyio.sleep(REFRESH_S)

    async def _lines(self) -> None:
        while True:
            self._console.print(summary(self._status), markup=False, soft_wrap=True)
            await anyio.sleep(LINE_EVERY_S)


def summary(status: RunStatus) -> str:
    """One line: phase, time left, spins, failures, p95, reconnects."""
    figures, left = status.figures, status.left_s()
    p95 = figures.latency_ms.percentile(95)
    return (
        f"[{status.elapsed_s():5.0f} s] {status.phase}"
        + ("" if left is None else f", {left:.0f} s left")
        + f"; spins {figures.spins}, failures {figures.failed + figures.unknown}"
        + f", p95 {'-' if p95 is None else f'{p95:.0f} ms'}"
        + f", reconnects {sum(m.reconnects for m in status.managers)}"
        + f", restarts {sum(m.restarts for m in status.managers)}"
    )


def draw(status: RunStatus) -> Group:
    """The table of workers under the summary line. Where it is narrow, the names are cut and the figures stay."""
    table = Table(expand=False, pad_edge=False)
    for name in ("worker", "cohort", "state"):
        table.add_column(name, no_wrap=True)
    for name in ("path", "phase", "step"):
        table.add_column(name)  # rich narrows columns that could wrap first; each cell then keeps to its line
    for name in ("spins", "failures"):
        table.add_column(name, justify="right", no_wrap=True)
    for view in status.workers():
        table.add_row(
            *(_name(value) for value in (view.worker_id, view.cohort, view.state, view.path, view.phase, view.step)),
            str(view.spins),
            str(view.failures),
        )
    browsers = "  ".join(f"{m.browser_id} {m.state.value}" for m in status.managers)
    return Group(Text(summary(status)), Text(browsers), table)


def _name(value: str) -> Text:
    return Text(inert(value, 80), no_wrap=True, overflow="ellipsis")

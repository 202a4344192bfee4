"""A soak of the CDP floor on a real browser, under faults: what is held at the end is what was held after the warm-up."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import time
from dataclasses import dataclass
from typing import Any

import anyio
import psutil

from harness.basics.errors import HarnessError
from harness.cdp.connection import Connection
from harness.cdp.lifecycle import CdpLifecycleManager
from scripts.hardening.rig import fail, manager
from scripts.hardening.visits import GIVE_UP_S, VISIT_S, Visits

TOLERANCE = 0.05
CUT_EVERY_S = {"websocket": 15.0, "pipe": 60.0}  # a browser ends with its pipe: that cut costs a start


@dataclass(frozen=True)
class Held:
    """What the process holds at a moment when no visit is on its way."""

    pending_commands: int
    unsent_commands: int
    sessions: int
    subscribers: int
    buffered_events: int
    descriptors: int
    tasks: int
    rss_bytes: int
    browser_rss_bytes: int


_JUDGED = ("pending_commands", "unsent_commands", "sessions", "subscribers", "buffered_events", "descriptors", "tasks")
_JUDGED_MEMORY = ("rss_bytes",)


@dataclass(frozen=True)
class Report:
    """Of one soak; `leaks` names what did not end where it began, memory only where it is judged."""

    transport: str
    seconds: float
    opened: int
    closed: int
    cuts: int
    reconnects: int
    restarts: int
    dropped_events: int
    faults: dict[str, int]
    outcomes: dict[str, int]
    start: Held
    end: Held
    leaks: list[str]


async def _settled(browser: CdpLifecycleManager) -> Connection:
    """The connection of the healthy browser once it, too, has let go: what was closed here is told a little later."""
    with anyio.move_on_after(10):
        while True:
            connection = await browser.ready()
            if not connection.sessions and not connection.protocol.pending:
                break
            await anyio.sleep(0.05)
    return await browser.ready()


async def held(browser: CdpLifecycleManager) -> Held:
    """Count everything."""
    connection = await _settled(browser)
    sources = [connection.events, *connection.sessions.values()]
    assert browser.process is not None
    gc.collect()
    return Held(
        pending_commands=len(connection.protocol.pending),
        unsent_commands=connection.unsent,
        sessions=len(connection.sessions),
        subscribers=sum(source.subscribers for source in sources),
        buffered_events=sum(source.buffered for source in sources),
        descriptors=len(os.listdir("/proc/self/fd")) - 1,  # noqa: PTH208 - one for the listing itself
        tasks=len(asyncio.all_tasks()),
        rss_bytes=psutil.Process().memory_info().rss,
        browser_rss_bytes=_rss(browser.process.pid),
    )


def _rss(pid: int) -> int:
    total = 0
    try:
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            total += process.memory_info().rss
    except psutil.NoSuchProcess:  # a renderer on its way out
        return total
    return total


def leaks(start: Held, end: Held, *, memory: bool) -> list[str]:
    """What grew or shrank by more than the tolerance."""
    names = _JUDGED + (_JUDGED_MEMORY if memory else ())
    return [name for name in names if abs(change := _change(start, end, name)) > TOLERANCE or change != change]


def _change(start: Held, end: Held, name: str) -> float:
    before, after = getattr(start, name), getattr(end, name)
    if before == after:
        return 0.0
    return (after - before) / before if before else float("inf")


class Soak:
    """Visits at a steady rate, whose starts do not wait for those before, and connections cut among them."""

    def __init__(self, browser: CdpLifecycleManager, *, per_minute: float, cut_every_s: float, seed: int) -> None:
        self._browser = browser
        self._every_s = 60 / per_minute
        self._cut_every_s = cut_every_s
        self._rng = random.Random(seed)
        self.visits = Visits(browser, random.Random(seed))
        self.cuts = 0

    async def run(self, seconds: float) -> None:
        """So many seconds of it; returns when no visit is on its way."""
        begins = time.monotonic()
        cutting = anyio.CancelScope()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._cut, cutting, name="cuts")
            for number in range(int(seconds / self._every_s)):
                await anyio.sleep(max(0.0, begins + number * self._every_s - time.monotonic()))
                tasks.start_soon(self.visits.visit, name="visit")
            cutting.cancel()
            tasks.cancel_scope.deadline = anyio.current_time() + VISIT_S + GIVE_UP_S

    async def _cut(self, scope: anyio.CancelScope) -> None:
        with scope:
            while True:
                await anyio.sleep(self._cut_every_s * self._rng.uniform(0.5, 1.5))
                self.cuts += 1
                self._browser.cut()


async def soak(
    *,
    transport: Any,
    seconds: float,
    warm_up_s: float,
    per_minute: float,
    cut_every_s: float,
    browser: str | None,
    seed: int = 1,
    memory: bool = True,
) -> Report:
    """Warm up, count, soak, count again."""
    owner = manager("soak", transport, browser=browser, seed=seed)
    async with anyio.create_task_group() as tasks:
        await tasks.start(owner.run)
        try:
            run = Soak(owner, per_minute=per_minute, cut_every_s=cut_every_s, seed=seed)
            await run.run(warm_up_s)
            start = await held(owner)
            began = time.monotonic()
            await run.run(seconds)
            took_s = time.monotonic() - began
            end = await held(owner)
        finally:
            owner.stop()
    visits = run.visits
    found = leaks(start, end, memory=memory)
    if visits.opened != visits.closed:
        found.append("contexts")
    return Report(
        transport=transport,
        seconds=round(took_s, 1),
        opened=visits.opened,
        closed=visits.closed,
        cuts=run.cuts,
        reconnects=owner.reconnects,
        restarts=owner.restarts,
        dropped_events=visits.dropped,
        faults=dict(sorted(visits.faults.items())),
        outcomes=dict(sorted(visits.outcomes.items())),
        start=start,
        end=end,
        leaks=found,
    )


def _print(report: Report) -> None:
    print(f"{report.transport}: {report.opened} contexts opened, {report.closed} closed, after the warm-up "
          f"{report.seconds:g} s; {report.cuts} cuts, {report.reconnects} reconnects, {report.restarts} restarts, "
          f"{report.dropped_events} events of slow subscribers dropped")  # fmt: skip
    for title, counts in (("faults", report.faults), ("outcomes", report.outcomes)):
        print(f"{title}: {', '.join(f'{count} × {name}' for name, count in counts.items())}")
    print(f"\n{'held':<20}{'start':>14}{'end':>14}{'change':>10}")
    for name in Held.__annotations__:
        judged = name in _JUDGED + _JUDGED_MEMORY
        word = ("LEAK" if name in report.leaks else "ok") if judged else "told only"
        change = _change(report.start, report.end, name)
        print(f"{name:<20}{getattr(report.start, name):>14,}{getattr(report.end, name):>14,}{change:>10.1%}  {word}")


def main(arguments: list[str] | None = None) -> int:
    """See scripts/soak. 1: something did not end where it began; 4: the environment lacks a browser."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="after the warm-up")
    parser.add_argument("--warm-up", type=float, default=1.0, metavar="MINUTES")
    parser.add_argument("--contexts-per-minute", type=float, default=200.0)
    parser.add_argument("--transport", choices=["websocket", "pipe"], default="websocket")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one object instead of the table")
    chosen = parser.parse_args(arguments)

    async def run() -> Report:
        return await soak(
            transport=chosen.transport,
            seconds=chosen.minutes * 60,
            warm_up_s=chosen.warm_up * 60,
            per_minute=chosen.contexts_per_minute,
            cut_every_s=CUT_EVERY_S[chosen.transport],
            browser=os.environ.get("HARNESS_BROWSER"),
            seed=chosen.seed,
        )

    try:
        report = anyio.run(run, backend_options={"use_uvloop": True})
    except HarnessError as error:
        return fail(int(error.exit_code), *error.lines())
    if chosen.json:
        print(json.dumps(report, default=lambda value: vars(value), ensure_ascii=False))
    else:
        _print(report)
    return 1 if report.leaks else 0


if __name__ == "__main__":
    sys.exit(main())

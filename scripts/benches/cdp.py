"""What a CDP client costs: ours beside Playwright, Puppeteer, the Python clients and our own bare loops, in one run.

Client CPU (with Playwright's driver, without the browser) of (a) evaluate one by one, (b) 50 sessions at once, (c) a console
event received, (d) goto + click + read with 8 workers. Each round runs every client in turn, on a fresh browser; ratios are
taken within a round. And what contexts cost in the headless shell and in the full browser.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from harness.cdp.errors import BrowserMissingError
from harness.cdp.finding import BrowserBinary, find_browser
from scripts.benches.cdp_clients import peers
from scripts.benches.cdp_clients.contexts import CONTEXTS, ContextCost, context_cost
from scripts.benches.cdp_clients.rounds import Amount, Results, Row, run_client, site
from scripts.benches.figures import BenchOptions, Figure, table_lines

LAUNCHED, CDP_USE = "playwright", "cdp-use"
BARE_WEBSOCKET, BARE_PIPE = "bare websockets+msgspec+uvloop", "bare pipe+msgspec+uvloop"
OURS_WEBSOCKET, OURS_PIPE = "ours websocket", "ours pipe"

ROWS = (
    Row(LAUNCHED, "playwright_python", "launch", connects=False),
    Row("playwright over CDP", "playwright_python", "cdp"),
    Row("puppeteer-core", "puppeteer", "page", "node"),
    Row("puppeteer-core CDPSession", "puppeteer", "session", "node"),
    Row("pyppeteer", "pyppeteer_client", "", "pyppeteer"),
    Row("zendriver", "nodriver_client", "zendriver"),
    Row("nodriver", "nodriver_client", "nodriver"),
    Row("pydoll", "pydoll_client", ""),
    Row(CDP_USE, "cdp_use_client", ""),
    Row("bare websockets+json", "bare", "websockets+json", "ours"),
    Row(BARE_WEBSOCKET, "bare", "websockets+msgspec+uvloop", "ours"),
    Row("bare picows+msgspec+uvloop", "bare", "picows+msgspec+uvloop"),
    Row(BARE_PIPE, "bare", "pipe+msgspec+uvloop", "ours", connects=False),
    Row(OURS_WEBSOCKET, "ours", "websocket", "ours", connects=False),
    Row(OURS_PIPE, "ours", "pipe", "ours", connects=False),
    Row("ours websocket, recorded", "ours", "websocket, recorded", "ours", connects=False),
    Row("ours pipe, recorded", "ours", "pipe, recorded", "ours", connects=False),
)
PYTHON_CLIENTS = (LAUNCHED, "playwright over CDP", "pyppeteer", "zendriver", "nodriver", "pydoll", CDP_USE)
QUICK = (LAUNCHED, BARE_WEBSOCKET, BARE_PIPE, OURS_WEBSOCKET, OURS_PIPE)

MEASURES = {
    "a_cpu_us": ("(a) one by one", "µs"),
    "a_p50_us": ("(a) p50", "µs"),
    "b_cpu_us": ("(b) 50 sessions", "µs"),
    "b_calls_per_s": ("(b) calls", "1/s"),
    "c_cpu_us": ("(c) event", "µs"),
    "c_unheard_cpu_us": ("(c) unheard", "µs"),
    "d_cpu_ms": ("(d) flow", "ms"),
}


class Target(NamedTuple):
    """A share of another client's cost, at most, said in `words`; of several, the cheapest counts."""

    row: str
    measure: str
    against: tuple[str, ...]
    most: float
    words: str

    @property
    def their_measure(self) -> str:
        """Others have no figure for an event that nobody listens to: it is held against theirs for one that is heard."""
        return "c_cpu_us" if self.measure == "c_unheard_cpu_us" else self.measure


def _targets() -> Iterator[Target]:
    """BASELINES, "To beat"."""
    for ours, bare, times, parts in (
        (OURS_WEBSOCKET, BARE_WEBSOCKET, 1.3, (5.5, 12, 14, 28, 8)),
        (OURS_PIPE, BARE_PIPE, 1.5, (10, 22, 18, 36, 10)),
    ):
        measures = ("a_cpu_us", "b_cpu_us", "c_cpu_us", "c_unheard_cpu_us", "d_cpu_ms")
        for measure, part in zip(measures, parts, strict=True):
            yield Target(ours, measure, (LAUNCHED,), 1 / part, f"≤ 1/{part:g}")
        for measure in measures[:3]:
            yield Target(ours, measure, (bare,), times, f"≤ {times:g}")
    yield Target(OURS_WEBSOCKET, "a_cpu_us", PYTHON_CLIENTS, 1.0, "< 1")
    for measure in ("b_cpu_us", "c_cpu_us", "d_cpu_ms"):
        yield Target(OURS_WEBSOCKET, measure, (CDP_USE,), 1.0, "≤ 1" if measure == "d_cpu_ms" else "< 1")


def run(options: BenchOptions) -> Iterator[Figure]:
    """The whole bench. `--only WORD,…` keeps the clients whose name has one of the words, and `contexts`."""
    words = options.only
    rows = [row for row in ROWS if _wanted(row, words, quick=options.quick)]
    results = Results()
    unusable = _prepare(rows, options)
    for row in rows:
        if row.environment in unusable:
            results.add(row.name, list(MEASURES), {"failed": {"start": unusable[row.environment]}})
    usable = [row for row in rows if row.environment not in unusable]
    asyncio.run(_rounds(usable, results, options))
    if rows:
        yield from _measured(rows, results, options)
        yield from compared(results)
    if not words or "contexts" in words:
        yield from _contexts()


def _wanted(row: Row, words: Sequence[str], *, quick: bool) -> bool:
    return any(word in row.name for word in words) if words else not quick or row.name in QUICK


def _prepare(rows: Sequence[Row], options: BenchOptions) -> dict[str, str]:
    """Environments that cannot be used, with the reason; `--quick` installs nothing."""
    reasons = {}
    for environment in dict.fromkeys(row.environment for row in rows):
        reason = peers.missing(environment) if options.quick else peers.set_up(environment, options.say)
        if reason:
            reasons[environment] = reason
    return reasons


async def _rounds(rows: Sequence[Row], results: Results, options: BenchOptions) -> None:
    rounds = 2 if options.quick else 5
    amount = Amount(evaluates=400, calls=8, events=1000, flows=2) if options.quick else Amount()
    binary = find_browser(os.environ.get("HARNESS_BROWSER"))
    with site() as origin:
        for number in range(rounds):
            order = rows if number % 2 == 0 else rows[::-1]
            for row in order:
                options.say(f"round {number + 1} of {rounds}: {row.name}")
                results.add(row.name, list(MEASURES), await run_client(row, binary, origin, amount))


# --- what is shown


def _measured(rows: Sequence[Row], results: Results, options: BenchOptions) -> Iterator[Figure]:
    """Every client's figures: objects for programs, one table for people."""
    if options.json:
        for row in rows:
            for measure, (label, unit) in MEASURES.items():
                value, reason = results.median(row.name, measure), _reason(results, row.name, measure)
                if value is not None or reason:
                    yield Figure(f"{row.name} {label}", value, unit, against=reason)
        return
    heading = ("client", *(f"{label} {unit}" for label, unit in MEASURES.values()))
    table = [(row.name, *(_cell(results.median(row.name, measure)) for measure in MEASURES)) for row in rows]
    options.say("")
    for line in table_lines([heading, *table]):
        options.say(line)
    for name, reasons in results.failed.items():
        for part, reason in reasons.items():
            options.say(f"{name}, {'all' if part == 'start' else part}: {reason}")
    options.say("")


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _reason(results: Results, row: str, measure: str) -> str:
    failed = results.failed.get(row, {})
    return failed.get("start") or failed.get(measure[0], "")


def compared(results: Results) -> Iterator[Figure]:
    """Each target of a row of ours for which both sides have a figure."""
    for target in _targets():
        label, unit = MEASURES[target.measure]
        ours = results.median(target.row, target.measure)
        theirs = target.their_measure
        found = [(results.ratio(target.row, target.measure, name, theirs), name) for name in target.against]
        ratios = [(ratio, name) for ratio, name in found if ratio is not None]
        if ours is None or not ratios:
            continue
        ratio, name = max(ratios)  # the cheapest of them is the one to beat
        below = ratio < target.most if target.words.startswith("<") else ratio <= target.most
        beside = results.median(name, theirs)
        yield Figure(
            f"{target.row} {label} / {name}",
            ratio,
            "×",
            target=target.words,
            ok=below,
            against=f"{_cell(ours)} {unit} beside {_cell(beside)} {unit}",
        )


def _contexts() -> Iterator[Figure]:
    """Memory and opening time of contexts, by kind of browser; one that is not there is a row with the reason."""
    for kind, headless in (("headless-shell", True), ("full", False)):
        name = f"{CONTEXTS} contexts, {kind}"
        try:
            binary = find_browser(None, headless=headless)
        except BrowserMissingError as error:
            yield Figure(name, None, "", against=error.why)
            continue
        if binary.kind != kind:
            yield Figure(name, None, "", against=f"the browser found is of the kind {binary.kind}")
            continue
        cost = asyncio.run(_cost(binary))
        yield Figure(f"{name}: browser with the first", cost.first_mb, "MB PSS")
        yield Figure(f"{name}: each more", cost.context_mb, "MB PSS", against=f"{cost.context_processes:.1f} processes")
        yield Figure(f"{name}: opening one", cost.open_ms, "ms")


async def _cost(binary: BrowserBinary) -> ContextCost:
    with site() as origin:
        return await context_cost(binary, f"{origin}/")

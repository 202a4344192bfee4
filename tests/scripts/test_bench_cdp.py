"""The CDP bench runs, counts the CPU of the right processes, and compares as it says; no figure is judged here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.benches import cdp
from scripts.benches.cdp_clients import measure, peers
from scripts.benches.cdp_clients.rounds import Results

ROOT = Path(__file__).resolve().parents[2]
JOB = measure.Job("", "", "", [], "http://site", "", evaluates=5, sessions=3, calls=2, events=200, workers=2, flows=1)


class FakeClient:
    """Answers at once; `broken` measures raise."""

    def __init__(self, broken: str = "") -> None:
        self.broken, self.stopped = broken, False
        self._heard: Callable[[str], None] | None = None

    async def start(self, job: measure.Job) -> None:
        """Nothing to connect to."""

    async def open(self) -> Any:
        return object()

    async def evaluate(self, page: Any, expression: str) -> Any:
        if self._heard and "console.log" in expression:
            for number in range(measure.LOGS_AT_ONCE):
                self._heard(f"event {number}")
        return measure.VALUE

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        self._heard = heard

    async def flow(self, page: Any, url: str) -> str:
        return "waiting" if self.broken == "flow" else "clicked"

    async def stop(self) -> None:
        self.stopped = True


@pytest.mark.browser
def test_our_rows_run_quick_and_say_their_figures_as_json_lines(browser_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.benches", "cdp", "--quick", "--json", "--only", "ours"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "HARNESS_BROWSER": str(browser_path)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(figure) == {"name", "value", "unit", "target", "ok", "against"} for figure in figures)
    measured = {figure["name"]: figure["value"] for figure in figures}
    for label, _ in cdp.MEASURES.values():
        assert measured[f"ours websocket {label}"] > 0, done.stdout


async def test_a_measure_that_fails_has_a_reason_and_takes_no_other_with_it() -> None:
    client = FakeClient(broken="flow")
    found = await measure.measure(client, JOB)
    assert found["failed"] == {"d": "AssertionError: the client returned 'waiting', not 'clicked'"}
    assert {"a_cpu_us", "a_p50_us", "b_cpu_us", "b_calls_per_s", "c_cpu_us"} <= found.keys()
    assert "d_cpu_ms" not in found
    assert client.stopped


async def test_a_client_that_does_what_is_asked_has_every_figure() -> None:
    found = await measure.measure(FakeClient(), JOB)
    assert found.pop("failed") == {}
    assert found.keys() == cdp.MEASURES.keys() - {"c_unheard_cpu_us"}


def test_the_cpu_of_a_helper_counts_and_that_of_a_browser_does_not() -> None:
    spin = "import sys\nfor _ in range(10**6): pass\nprint(flush=True)\nsys.stdin.read()"
    helper, browser = (
        subprocess.Popen([sys.executable, "-c", spin, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for more in ([], ["--user-data-dir=/nowhere"])
    )
    try:
        for process in (helper, browser):
            assert process.stdout is not None
            process.stdout.readline()  # it has used what it uses
        helpers = measure.helpers_of_this_process()
        assert helper.pid in helpers
        assert browser.pid not in helpers
        assert measure.process_cpu_s(helper.pid) > 0
        assert measure.Cpu().used_s() >= time.process_time() - 1e-3
    finally:
        for process in (helper, browser):
            process.communicate(b"")


def test_ratios_are_taken_within_a_round_and_a_round_without_a_figure_is_left_out() -> None:
    results = Results()
    for ours, theirs in ((10.0, 100.0), (30.0, 100.0), (20.0, None), (20.0, 100.0)):
        results.add("ours", ["a"], {"a": ours})
        results.add("theirs", ["a"], {"failed": {"a": "it broke"}} if theirs is None else {"a": theirs})
    assert results.ratio("ours", "a", "theirs", "a") == 0.2
    assert results.median("theirs", "a") == 100
    assert results.failed == {"theirs": {"a": "it broke"}}
    assert results.ratio("ours", "a", "nobody", "a") is None


def test_ours_is_compared_with_the_cheapest_where_it_shall_be_below_all() -> None:
    results = Results()
    for name, cost in ((cdp.LAUNCHED, 800.0), (cdp.CDP_USE, 90.0), (cdp.OURS_WEBSOCKET, 100.0)):
        results.add(name, list(cdp.MEASURES), {"a_cpu_us": cost})
    figures = {figure.name: figure for figure in cdp.compared(results)}
    assert figures["ours websocket (a) one by one / playwright"].ok is True
    below_all = figures["ours websocket (a) one by one / cdp-use"]
    assert (below_all.target, below_all.ok) == ("< 1", False)
    assert below_all.against == "100 µs beside 90.0 µs"


def test_an_event_that_nobody_hears_is_held_against_theirs_that_is_heard() -> None:
    results = Results()
    results.add(cdp.LAUNCHED, list(cdp.MEASURES), {"c_cpu_us": 280.0})
    results.add(cdp.OURS_PIPE, list(cdp.MEASURES), {"c_unheard_cpu_us": 5.0})
    (figure,) = cdp.compared(results)
    assert (figure.name, figure.target, figure.ok) == ("ours pipe (c) unheard / playwright", "≤ 1/36", True)
    assert figure.value == 5 / 280


def test_an_environment_whose_pins_have_changed_is_not_taken_for_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "BENCH", tmp_path)
    assert peers.missing("ours") is None
    assert "without --quick" in (peers.missing("node") or "")
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / ".stamp").write_text("of other pins")
    assert peers.missing("node") is not None

"""`harness reconnects`: why connections were lost, how often, and what other reconnect profiles would have made of it."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from harness.basics.exit_codes import ExitCode
from harness.cdp.reconnecting.replay import Replayed, replay
from harness.cli.evidence import folder_of
from harness.cli.output import JSON_HELP, console, show_json, show_warning
from harness.evidence.disconnects import (
    CauseRow,
    Disconnect,
    browser_hours,
    disconnects,
    dominant_cause,
    rank_causes,
    recorded_outages,
)
from harness.evidence.inert import inert
from harness.evidence.reading import read_evidence
from harness.runfolder.manifest import Plan
from harness.settings.reconnect_profile import shipped_reconnects


def reconnects(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, or the id of a run under the storage root.")
    ],
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> int:
    """Rank the causes of lost connections by cohort and browser-hour, and replay the outages under each profile."""
    folder = folder_of(run)
    evidence = read_evidence(folder)
    found, hours = disconnects(evidence), browser_hours(evidence)
    rows = rank_causes(found, hours)
    outages = recorded_outages(found)
    replayed = replay(shipped_reconnects(), outages, random.Random)
    summary = _summary(found, sum(hours.values()))
    damages = {kind: count for kind, count in evidence.integrity.damages(died=evidence.ending is None).items() if count}
    if json:
        show_json(
            {
                "run_folder": str(folder),
                "reconnect_profile": _profile(evidence.manifest.plan),
                **summary,
                "damaged": damages,
                "causes": [row._asdict() for row in rows],
                "disconnects": [loss._asdict() for loss in found],
                "outages": [outage._asdict() for outage in outages],
                "replayed": [
                    {**row._asdict(), "t99_s": None if math.isinf(row.t99_s) else row.t99_s} for row in replayed
                ],
            }
        )
    else:
        _show(console(), _profile(evidence.manifest.plan), summary, rows, len(outages), replayed)
        if damages:
            told = ", ".join(f"{count} {kind}" for kind, count in damages.items())
            show_warning(
                f"the evidence is damaged ({told}): these figures are of what could be read; see harness evaluate"
            )
    return int(ExitCode.INTEGRITY if damages else ExitCode.OK)


def _profile(plan: Plan) -> str:
    return str(plan.reconnect.get("name", ""))


def _summary(found: list[Disconnect], hours: float) -> dict[str, Any]:
    counted = [loss for loss in found if not loss.injected]
    dominant = dominant_cause(found)
    return {
        "browser_hours": hours,
        "disconnected": len(counted),
        "injected": len(found) - len(counted),
        "per_browser_hour": len(counted) / hours if hours > 0 else None,
        "dominant_cause": dominant[0] if dominant else None,
        "dominant_share": dominant[1] / len(counted) if dominant else None,
    }


def _show(
    out: Console,
    profile: str,
    summary: dict[str, Any],
    rows: list[CauseRow],
    outages: int,
    replayed: list[Replayed],
) -> None:
    rate = summary["per_browser_hour"]
    out.print(
        f"{summary['disconnected']} disconnects in {summary['browser_hours']:.2f} browser-hours"
        + ("" if rate is None else f": {rate:.2f} a browser-hour")
        + (f"; {summary['injected']} by the run's own faults not counted" if summary["injected"] else "")
        + (f"; reconnect profile {inert(profile, 80)}" if profile else ""),
        markup=False,
        soft_wrap=True,
    )
    if summary["dominant_cause"]:
        out.print(
            f"dominant cause: {inert(summary['dominant_cause'], 80)} ({100 * summary['dominant_share']:.0f} %)",
            markup=False,
        )
    if rows:
        _table(
            out,
            ("cohort", "cause", "disconnects", "per browser-hour", "reconnected", "restarted"),
            [
                (
                    inert(row.cohort, 80),
                    inert(row.cause, 80) + (" (injected)" if row.injected else ""),
                    str(row.disconnects),
                    "-" if row.per_browser_hour is None else f"{row.per_browser_hour:.2f}",
                    str(row.reconnected),
                    str(row.restarted),
                )
                for row in rows
            ],
        )
    if replayed:
        out.print(f"\n{outages} recorded outages, simulated under each reconnect profile (worst of three seeds):")
        _table(
            out,
            ("profile", "most attempts in 100 ms", "t99 s", "attempts", "probes"),
            [
                (
                    row.profile,
                    str(row.peak),
                    "never" if math.isinf(row.t99_s) else f"{row.t99_s:.2f}",
                    str(row.attempts),
                    str(row.probes),
                )
                for row in replayed
            ],
        )


def _table(out: Console, heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*heading, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    out.print(table, markup=False)

"""`harness burn-in` and `harness run`: the main job."""

from __future__ import annotations

import math
import re
from typing import Annotated

import typer

from harness import app as application
from harness.basics.errors import UsageError
from harness.basics.exit_codes import ExitCode
from harness.cli.live import LiveView
from harness.cli.output import JSON_HELP, console, error_dict, show_error, show_json, show_warning, tell_lost_output
from harness.cli.verdict_text import show_verdict
from harness.pool.modes import Mode
from harness.settings.environment import read_environment
from harness.settings.preparation import RunOptions, prepare
from harness.settings.profile import load_profile

Profile = Annotated[str, typer.Option("--profile", help="Profile: a name, or the path of a .toml file.")]
Workers = Annotated[int | None, typer.Option("--workers", min=1, max=10_000, help="Workers, instead of the profile's.")]
Paths = Annotated[list[str] | None, typer.Option("--path", help="Only this path of the profile (repeatable).")]
Misbehave = Annotated[
    list[str] | None,
    typer.Option("--misbehave", help="Rule for the built-in site, e.g. error500:/shop/cart (repeatable)."),
]
Without = Annotated[
    list[str] | None, typer.Option("--without-strategy", help="Leave a step strategy out (repeatable).")
]
Json = Annotated[bool, typer.Option("--json", help=JSON_HELP)]

LONGEST_S = 366 * 86_400.0
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def read_duration(text: str) -> float:
    """Seconds of `90`, `90s`, `5m`, `24h`, `7d`; UsageError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    seconds = 0.0 if match is None else float(match[1]) * _UNITS[match[2]]
    if not 0 < seconds < math.inf:
        raise UsageError(
            f"--for {text!r} is no duration", why="it must be above zero, like 90s, 5m, 24h or 7d", todo="correct it"
        )
    if seconds > LONGEST_S:
        raise UsageError(
            f"--for {text!r} is too long",
            why=f"a run lasts {LONGEST_S / 86_400:g} days at most",
            todo="name a shorter one",
        )
    return seconds


def burn_in(
    profile: Profile = "demo",
    duration: Annotated[
        str | None, typer.Option("--for", help="Duration, e.g. 90s, 5m, 24h; else the profile's.")
    ] = None,
    workers: Workers = None,
    path: Paths = None,
    misbehave: Misbehave = None,
    without_strategy: Without = None,
    json: Json = False,
) -> int:
    """Run a profile's paths on all workers for its duration, then judge the run. Exit 0 on GO."""
    seconds = None if duration is None else read_duration(duration)
    options = RunOptions(
        Mode.BURN_IN, workers, seconds, tuple(path or ()), tuple(misbehave or ()), tuple(without_strategy or ())
    )
    return _execute(profile, options, as_json=json)


def run(
    mode: Annotated[str, typer.Option("--mode", help="sequential, parallel or first-spin.")] = "sequential",
    profile: Profile = "demo",
    items: Annotated[int | None, typer.Option("--items", min=1, max=1_000_000, help="Number of work items.")] = None,
    workers: Workers = None,
    path: Paths = None,
    misbehave: Misbehave = None,
    without_strategy: Without = None,
    json: Json = False,
) -> int:
    """Run a profile's work items once, in the mode named, then judge the run."""
    known = {known.value: known for known in Mode if known is not Mode.BURN_IN}
    if mode not in known:
        raise UsageError(f"there is no mode {mode!r}", why=f"known are {', '.join(known)}", todo="name one with --mode")
    options = RunOptions(
        known[mode], workers, None, tuple(path or ()), tuple(misbehave or ()), tuple(without_strategy or ()), items
    )
    return _execute(profile, options, as_json=json)


def _execute(profile: str, options: RunOptions, *, as_json: bool) -> int:
    environment = read_environment()
    prepared = prepare(load_profile(profile), options, environment)
    for warning in () if as_json else prepared.warnings:
        show_warning(warning)
    view = LiveView(console(), silent=as_json, binary=prepared.binary, sandbox=not application.runs_unsandboxed())
    outcome = application.run(prepared, view.attach)
    error = outcome.result.error
    exit_code = int(outcome.verdict.exit_code)
    if outcome.result.reason == "interrupted":
        exit_code = int(ExitCode.INTERRUPTED)
    elif error is not None:
        exit_code = int(error.exit_code)
    if as_json:
        show_json(
            {
                "run_folder": str(outcome.folder),
                "ending": {"reason": outcome.result.reason, "ran_s": outcome.result.ran_s},
                "error": None if error is None else error_dict(error.code, error.lines(), exit_code),
                "warnings": list(prepared.warnings),
                **outcome.verdict.to_dict(),
                "exit_code": exit_code,  # the command's, which an interrupted or halted run does not take from its verdict
            }
        )
    else:
        show_verdict(console(), outcome.verdict, outcome.folder)
    tell_lost_output(outcome.verdict.verdict.value, outcome.folder)
    if as_json:
        return exit_code
    if error is not None:
        show_error(error.code, error.lines(), exit_code, as_json=False)
    elif outcome.result.reason == "interrupted":
        lines = ("interrupted", "a signal asked for the end", "what was recorded until then is evaluated above")
        show_error("interrupted", lines, exit_code, as_json=False)
    return exit_code

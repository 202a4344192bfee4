"""`harness nav`: navigation maps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from harness.basics.errors import HarnessError
from harness.basics.exit_codes import ExitCode
from harness.cli.output import JSON_HELP, error_dict, show_json
from harness.evidence.inert import inert
from harness.navigation.check import find_problems
from harness.navigation.readers import read_map
from harness.navigation.registry import StrategyRegistry
from harness.settings.profile import load_profile
from harness.settings.strategies import strategies_of

app = typer.Typer(help="Navigation maps: check recordings before they are run.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Navigation maps: check recordings before they are run."""


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Maps and recordings.")],
    profile: Annotated[str | None, typer.Option("--profile", help="Use this profile's strategies.")] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> int:
    """Read each file, print its drift report, and say whether it can be run. Exit 2 when one cannot."""
    registry = strategies_of(load_profile(profile) if profile else None)
    results = [_check_one(file, registry) for file in files]
    if json:
        show_json({"ok": all(result["ok"] for result in results), "files": results})
    else:
        for result in results:
            _print(result)
    return int(ExitCode.OK if all(result["ok"] for result in results) else ExitCode.USAGE)


def _check_one(file: Path, registry: StrategyRegistry) -> dict[str, Any]:
    try:
        found = read_map(file)
    except HarnessError as error:
        refused = error_dict(error.code, error.lines(), int(error.exit_code))
        return {"file": str(file), "ok": False, "refused": refused}
    problems = find_problems(found.map, registry)
    return {
        "file": str(file),
        "ok": not problems,
        "title": found.map.title,
        "format": found.map.format,
        "phases": [phase.name for phase in found.map.phases],
        "steps": sum(1 for _ in found.map.steps()),
        "drift": [{name: getattr(line, name) for name in line.__struct_fields__} for line in found.drift],
        "problems": [problem._asdict() for problem in problems],
    }


def _print(result: dict[str, Any]) -> None:
    if "refused" in result:
        refused = result["refused"]
        _say(f"REFUSED {result['file']}: {refused['what']}")
        _say(f"  why: {refused['why']}")
        _say(f"  to do: {refused['todo']}")
        return
    verdict = "ok" if result["ok"] else "CANNOT RUN"
    phases = ", ".join(result["phases"])
    _say(f"{verdict} {result['file']}: {result['format']}, {result['steps']} steps in {phases}")
    for line in result["drift"]:
        _say(f"  drift {line['code']} at {line['step']}, {line['field']}: {line['found']} -> {line['done']}")
    for problem in result["problems"]:
        _say(f"  step {problem['step']}, action {problem['action']}: {problem['why']}")
        _say(f"    to do: {problem['todo']}")


def _say(line: str) -> None:
    """What a recording says of itself steers no terminal."""
    typer.echo(inert(line, 4000))

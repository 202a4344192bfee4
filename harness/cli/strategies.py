"""`harness strategy`: step strategies."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.output import JSON_HELP, show_json
from harness.settings.profile import load_profile
from harness.settings.strategies import strategies_of

app = typer.Typer(help="Step strategies: what a map's actions can be.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Step strategies: what a map's actions can be."""


@app.command("list")
def list_strategies(
    profile: Annotated[str | None, typer.Option("--profile", help="Use this profile's strategies.")] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> int:
    """Every registered strategy: its name, what a step must give it, the scope it holds or releases, its module."""
    registry = strategies_of(load_profile(profile) if profile else None)
    rows = [
        {
            "name": item.name,
            "requires": list(item.requires),
            "holds": item.holds,
            "releases": item.releases,
            "module": item.module,
            "purpose": (item.run.__doc__ or "").strip().partition("\n")[0],
        }
        for item in registry
    ]
    if json:
        show_json({"strategies": rows})
        return 0
    for row in rows:
        scope = (
            f"  holds {row['holds']}" if row["holds"] else f"  releases {row['releases']}" if row["releases"] else ""
        )
        needs = ", ".join(row["requires"] or ["nothing"])
        typer.echo(f"{row['name']:28} needs {needs:30} {row['module']}{scope}")
    return 0

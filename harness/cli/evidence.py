"""`harness evaluate` and `harness explain`: the verdict, and the chains behind it, from a run folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from harness.basics.errors import UsageError
from harness.cli.output import JSON_HELP, console, show_error, show_json, show_warning, tell_lost_output
from harness.cli.streams import lost_output, was_closed_by_its_reader
from harness.cli.verdict_text import show_verdict
from harness.evidence.explain import Chain, UnknownIdError
from harness.evidence.explain import explain as explain_in
from harness.evidence.inert import inert
from harness.readiness.reports import write_reports
from harness.runfolder.event import CORRELATION_FIELDS, Event
from harness.runfolder.manifest import read_manifest
from harness.settings.environment import read_environment

_COLOURS = {"operational": "cyan", "performance": "dim", "domain": "green", "audit": "magenta"}


def evaluate(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, or the id of a run under the storage root.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the reports, e.g. of a read-only run; else the run folder.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> int:
    """Judge a run from its folder alone, and write report.json, report.html and junit.xml anew. Exit 0 on GO."""
    folder = folder_of(run)
    verdict, reports, failure = write_reports(folder, out)
    # Evidence may well be read-only: then the verdict is what was asked for. A folder named with --out has to take it.
    code = int(verdict.exit_code if failure is None or out is None else failure.exit_code)
    todo = "name another folder with --out" if out else "name a folder for the reports with --out, or make it writable"
    told = None if failure is None else (failure.what, failure.why, f"{todo}; the verdict stands without them")
    if json:
        unwritten = None if told is None else dict(zip(("what", "why", "todo"), told, strict=True))
        show_json({"run_folder": str(folder), "reports": str(reports), "unwritten": unwritten, **verdict.to_dict()})
    else:
        show_verdict(console(), verdict, reports, reported=failure is None)
        if failure is not None and told is not None:
            show_error(failure.code, told, code, as_json=False)
    lost = lost_output()
    if lost is not None and not was_closed_by_its_reader(lost):
        tell_lost_output(verdict.verdict.value, reports)
    return code


def explain(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="Any id of a chain, or SPIN/STEP.")],
    run: Annotated[Path | None, typer.Option("--run", help="The run folder; else every run, newest first.")] = None,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
) -> int:
    """Print one correlation chain over all four channels, in order, from any id in it."""
    folder, chain = _find(wanted, None if run is None else folder_of(run))
    if json:
        show_json(
            {
                "run_folder": str(folder),
                "id": chain.id,
                "kind": chain.kind,
                "spin_ids": list(chain.spin_ids),
                "more": chain.more,
                "events": [_event_dict(chain, event) for event in chain.events],
            }
        )
    else:
        _show(console(), folder, chain)
    return 0


def folder_of(run: Path) -> Path:
    """The folder that a command line names: a path, else the id of a run under the storage root."""
    try:
        if run.is_dir():
            return run
    except OSError:  # a name that no folder can have: told as one that is not there
        return run
    return read_environment().storage_root / run


def _find(wanted: str, folder: Path | None) -> tuple[Path, Chain]:
    if folder is not None:
        return folder, explain_in(folder, wanted)
    root = read_environment().storage_root
    folders = sorted((path.parent for path in root.glob("run-*/manifest.json")), reverse=True)
    if not folders:
        raise UsageError(
            f"there is no run under {root}", why="no run folder with a manifest is there", todo="name one with --run"
        )
    searched: list[Path] = []
    unknown: UnknownIdError | None = None
    for candidate in folders:
        try:
            read_manifest(candidate)
        except UsageError as error:
            show_warning(f"{candidate.name} is passed over: {error}")
            continue
        searched.append(candidate)
        try:
            return candidate, explain_in(candidate, wanted)
        except UnknownIdError as error:
            unknown = unknown or error
    raise UsageError(
        f"{wanted or 'an empty id'} occurs in no run under {root}",
        why=f"searched, newest first: {_some(searched)}",
        todo=unknown.todo if unknown is not None else "mend the manifests named above, or name a run with --run",
    )


def _some(folders: list[Path], limit: int = 10) -> str:
    names = ", ".join(folder.name for folder in folders[:limit]) or "none"
    return names + (f" and {len(folders) - limit} more" if len(folders) > limit else "")


def _event_dict(chain: Chain, event: Event) -> dict[str, Any]:
    return {
        **{name: getattr(event, name) for name in event.__struct_fields__ if getattr(event, name) not in ("", {})},
        "marked": chain.is_marked(event),
    }


def _show(out: Console, folder: Path, chain: Chain) -> None:
    out.print(inert(f"{chain.kind} {chain.id} in {folder}", 1000), markup=False, soft_wrap=True)
    if chain.events:
        first = chain.events[0]
        ids = ", ".join(
            f"{name} {getattr(first, name)}"
            for name in CORRELATION_FIELDS
            if name in {"worker_id", "item_id", "spin_id", "path", "trace_id"} and getattr(first, name)
        )
        out.print(inert(ids), markup=False, soft_wrap=True)
    for event in chain.events:
        out.print(_line(chain, event), soft_wrap=True)
    if chain.more:
        out.print(f"and {chain.more} more events", markup=False)


def _line(chain: Chain, event: Event) -> Text:
    start_ns = chain.events[0].mono_ns
    where = " / ".join(part for part in (event.phase, event.step_id, event.command_id) if part)
    fields = " ".join(
        f"{inert(name, 40)}={inert(_short(value), 160)}"
        for name, value in event.fields.items()
        if value not in ("", {})
    )
    line = Text(f"{'>' if chain.is_marked(event) else ' '} {(event.mono_ns - start_ns) / 1e6:9.1f} ms ")
    line.append(f"{inert(event.channel, 40):11} ", style=_COLOURS.get(event.channel, ""))
    line.append(f"{inert(event.event, 60):22} ", style="bold red" if event.level in {"error", "critical"} else "bold")
    line.append(f"{inert(where, 120)}  ", style="dim")
    line.append(fields)
    return line


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}" if abs(value) < 1e12 else f"{value:.3g}"
    return str(value)

"""`harness doctor`: what this machine has, and whether a run could start here."""

from __future__ import annotations

import os
import resource
import shutil
from typing import Annotated, Any

import anyio
import typer

from harness import app as application
from harness.basics.errors import HarnessError, UsageError
from harness.basics.exit_codes import ExitCode
from harness.cli.output import JSON_HELP, show_json
from harness.evidence.inert import inert
from harness.settings.environment import Environment, examine_environment


def doctor(json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False) -> int:
    """Check environment variables, browser (it is started once), limits and storage. Exit 4 when something is lacking,
    2 when a variable cannot be used."""
    environment, problems = examine_environment()
    checks = [*map(_variable, problems), _browser(environment), _descriptors(), _storage(environment)]
    healthy = all(check["ok"] for check in checks)
    if json:
        show_json({"ok": healthy, "checks": checks, "environment": [v._asdict() for v in environment.variables]})
    else:
        for variable in environment.variables:
            _say(f"{variable.name} = {variable.value}  (from {variable.origin}; {variable.meaning})")
        for check in checks:
            _say(f"{'ok    ' if check['ok'] else 'LACKS '} {check['name']}: {check['found']}")
            if not check["ok"]:
                _say(f"        why: {check['why']}")
                _say(f"        to do: {check['todo']}")
    if problems:
        return int(ExitCode.USAGE)
    return int(ExitCode.OK if healthy else ExitCode.ENVIRONMENT)


def _say(line: str) -> None:
    typer.echo(inert(line, 4000))


def _variable(problem: UsageError) -> dict[str, Any]:
    what, why, todo = problem.lines()
    return {"name": "environment", "ok": False, "found": what, "why": why, "todo": todo}


def _browser(environment: Environment) -> dict[str, Any]:
    try:
        found = anyio.run(application.probe_browser, environment)
    except HarnessError as error:
        what, why, todo = error.lines()
        return {"name": "browser", "ok": False, "found": what, "why": why, "todo": todo}
    return {"name": "browser", "ok": True, "found": f"{found['product']} at {found['path']} ({found['kind']})", **found}


def _descriptors(needed: int = 4096) -> dict[str, Any]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return {
        "name": "file descriptors",
        "ok": soft >= needed,
        "found": f"{soft} (hard limit {hard})",
        "why": f"a browser traps when it runs out; {needed} are enough",
        "todo": f"ulimit -n {needed}",
    }


def _storage(environment: Environment) -> dict[str, Any]:
    root = environment.storage_root
    place = next(parent for parent in (root, *root.parents) if parent.exists())
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK | os.X_OK)
    return {
        "name": "storage",
        "ok": writable and free >= application.MIN_FREE_BYTES,
        "found": f"{free // 2**20} MiB free for {root}" + ("" if writable else f", but {place} cannot be written to"),
        "why": f"a run needs a folder that it can write to, and at least {application.MIN_FREE_BYTES // 2**20} MiB",
        "todo": "free disk space, or choose another HARNESS_STORAGE_ROOT",
    }

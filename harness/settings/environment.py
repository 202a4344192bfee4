"""Environment variables of the harness: each validated, with its default and where its value came from."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from harness.basics.errors import UsageError


class Variable(NamedTuple):
    """One variable as `harness doctor` shows it. origin: the variable's name, or `default`."""

    name: str
    value: str
    origin: str
    meaning: str


class Environment(NamedTuple):
    """What the environment says. storage_root: where run folders go; browser: the user's choice, or None."""

    storage_root: Path
    browser: str | None
    variables: tuple[Variable, ...]


_MEANINGS = {
    "HARNESS_STORAGE_ROOT": "folder that holds the run folders (older name: MEMORY_STORAGE_ROOT)",
    "HARNESS_BROWSER": "the browser to run; unset or empty: a headless shell, then Chromium or Chrome, by PATH",
}
DEFAULT_ROOT = Path("runs")
_WORKSHOP = frozenset({"HARNESS_PYTHON", "HARNESS_TEST_WORKERS"})
"""Read by the scripts, not by the harness itself."""


def read_environment(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and validate; UsageError for an unknown HARNESS_ name (with the nearest known one) or an unusable value."""
    environment, problems = examine_environment(environ)
    if problems:
        raise problems[0]
    return environment


def examine_environment(environ: Mapping[str, str] | None = None) -> tuple[Environment, list[UsageError]]:
    """What the environment says, with the defaults where it cannot be used, and what is wrong with it."""
    environ = os.environ if environ is None else environ
    problems = [_unknown(name) for name in environ if _is_unknown(name)]
    try:
        root, root_origin = _storage_root(environ)
    except UsageError as error:
        problems.append(error)
        root, root_origin = DEFAULT_ROOT.absolute(), "default"
    named = environ.get("HARNESS_BROWSER")
    origin = (
        "HARNESS_BROWSER" if named else "default" if named is None else "default, for HARNESS_BROWSER is set but empty"
    )
    variables = (
        Variable("HARNESS_STORAGE_ROOT", str(root), root_origin, _MEANINGS["HARNESS_STORAGE_ROOT"]),
        Variable("HARNESS_BROWSER", named or "(search PATH)", origin, _MEANINGS["HARNESS_BROWSER"]),
    )
    return Environment(root, named or None, variables), problems


def _is_unknown(name: str) -> bool:
    return name.startswith("HARNESS_") and name not in _MEANINGS and name not in _WORKSHOP


def _unknown(name: str) -> UsageError:
    near = difflib.get_close_matches(name, _MEANINGS, n=1)
    return UsageError(
        f"environment variable {name} is not known",
        why=f"known are {', '.join(sorted(_MEANINGS))}" + (f"; did you mean {near[0]}?" if near else ""),
        todo=f"unset {name}, or correct its name",
    )


def _storage_root(environ: Mapping[str, str]) -> tuple[Path, str]:
    for name in ("HARNESS_STORAGE_ROOT", "MEMORY_STORAGE_ROOT"):
        value = environ.get(name)
        if value is None:
            continue
        if not value.strip() or "\0" in value:
            raise UsageError(
                f"environment variable {name} cannot be used", why="it is empty", todo=f"unset {name}, or name a folder"
            )
        try:
            path = Path(value).expanduser().absolute()
            usable = path.is_dir() or not path.exists()
        except (OSError, RuntimeError) as error:  # RuntimeError: `~` of nobody
            raise UsageError(
                f"environment variable {name} cannot be used", why=f"{value}: {error}", todo="name a folder"
            ) from error
        if not usable:
            raise UsageError(
                f"environment variable {name} cannot be used", why=f"{path} is no folder", todo="name a folder"
            )
        return path, name
    return DEFAULT_ROOT.absolute(), "default"

"""The contracts: what users and their scripts may rely on, each kept as a golden file with a version.

A golden file, tests/contracts/golden/NAME.json, holds `contract`, `version`, `content` and the `sha256` of the content.
Each contract is built anew from the code; a difference is a failure until it is declared, which raises the version,
rewrites the file and adds a line to the changelog. The digest tells an edit by hand from a declared change.

    scripts/contracts                                          compares all; exit 1 on a difference
    scripts/contracts --declare events --why "what changed"    declares; a new contract starts at version 1
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from scripts.checks.findings import ROOT

GOLDEN = Path("tests/contracts/golden")
CHANGELOG = Path("CHANGELOG.md")


# Each builder imports what it needs itself, so that one broken module hides one contract and not all.


def modes() -> dict[str, Any]:
    """How a run may run: name -> promise."""
    from harness.pool.modes import Mode

    return {mode.value: mode.promise for mode in Mode}


def exit_codes() -> dict[str, Any]:
    """Number -> name and meaning."""
    from harness.basics.exit_codes import ExitCode

    return {str(code.value): {"name": code.name, "meaning": code.meaning} for code in ExitCode}


def events() -> dict[str, Any]:
    """Event name -> channel, fields with their kinds, meaning."""
    from harness.telemetry.catalogue import CATALOGUE

    return {
        name: {"channel": event.channel.value, "fields": dict(event.fields), "meaning": event.meaning}
        for name, event in CATALOGUE.items()
    }


def run_folder() -> dict[str, Any]:
    """Schema version, channels with their collection ids, and each documented place with its meaning."""
    from harness.runfolder.layout import EVIDENCE_SCHEMA, LAYOUT, Channel

    return {
        "schema": EVIDENCE_SCHEMA,
        "channels": {channel.value: channel.collection for channel in Channel},
        "places": {entry.path: entry.meaning for entry in LAYOUT},
    }


def commands() -> dict[str, Any]:
    """Each command, `group command` -> its arguments and options; help texts are prose and free to change."""
    import typer.main

    from harness.cli.main import app

    return dict(_walk(typer.main.get_command(app), ""))


BUILDERS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "modes": modes,
    "exit_codes": exit_codes,
    "events": events,
    "run_folder": run_folder,
    "commands": commands,
}


def _walk(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    children: Mapping[str, Any] = getattr(command, "commands", {})  # groups; typer may bring a click of its own
    if path or command.params:
        yield path or "(program)", [_parameter(parameter) for parameter in command.params]
    for name in sorted(children):
        yield from _walk(children[name], f"{path} {name}".strip())


def _parameter(parameter: Any) -> dict[str, Any]:
    """What a caller must know of it. A default is left out where it is computed or a path of this machine."""
    argument = parameter.param_type_name == "argument"
    annotation = parameter.type_descriptor.annotation
    if get_origin(annotation) is list:
        (annotation,) = get_args(annotation)
    choices = get_args(annotation)  # of a Literal
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        choices = tuple(annotation)
    facts: dict[str, Any] = {
        "kind": parameter.param_type_name,
        "name": parameter.name if argument else [*parameter.opts, *parameter.secondary_opts],
        "type": "choice" if choices else annotation.__name__.lower(),
        "required": parameter.required,
        "many": parameter.nargs != 1 or parameter.multiple,
        "choices": [str(getattr(choice, "value", choice)) for choice in choices],
    }
    default = getattr(parameter.default, "value", parameter.default)
    if isinstance(default, bool | int | float | str):
        facts["default"] = default
    return {key: value for key, value in facts.items() if value not in ([], False) or key == "default"}


def render(content: object) -> str:
    """The one way a content is written, so that equal contents are equal texts."""
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def digest(content: object) -> str:
    """SHA-256 of the rendered content, as hex."""
    return hashlib.sha256(render(content).encode()).hexdigest()


def compare(root: Path, name: str, build: Callable[[], object]) -> str:
    """Empty when the golden file says what the code says; otherwise what is wrong and how to declare it."""
    content = build()
    path = root / GOLDEN / f"{name}.json"
    how = f'declare it: scripts/contracts --declare {name} --why "…"'
    if not path.is_file():
        return f"{name}: has no golden file yet; {how}\n"
    golden = json.loads(path.read_text(encoding="utf-8"))
    if golden["sha256"] != digest(golden["content"]):
        return f"{name}: {GOLDEN / path.name} was edited by hand; restore it (git checkout), then {how}\n"
    if render(golden["content"]) == render(content):
        return ""
    before, after = render(golden["content"]).splitlines(), render(content).splitlines()
    told = f"{name} version {golden['version']}"
    diff = "\n".join(difflib.unified_diff(before, after, told, "the code now", lineterm=""))
    return f"{name}: changed, but its version is still {golden['version']}\n{diff}\n{how}\n"


def declare(root: Path, name: str, build: Callable[[], object], why: str) -> str:
    """Write the golden file with the next version and a line in the changelog; returns what was done."""
    content = json.loads(render(build()))
    path = root / GOLDEN / f"{name}.json"
    version = 1
    if path.is_file():
        golden = json.loads(path.read_text(encoding="utf-8"))
        if golden["content"] == content and golden["sha256"] == digest(content):
            return f"{name}: version {golden['version']} says what the code says; nothing to declare"
        version = golden["version"] + 1
    changelog = root / CHANGELOG
    line = f"- Contract `{name}`, version {version}: {' '.join(why.split())}"
    text = with_line(changelog.read_text(encoding="utf-8"), "Added" if version == 1 else "Changed", line)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        render({"contract": name, "version": version, "sha256": digest(content), "content": content}), encoding="utf-8"
    )
    changelog.write_text(text, encoding="utf-8")
    return f"{name}: declared as version {version}"


def with_line(changelog: str, kind: str, line: str) -> str:
    """The changelog with one more line at the end of `### kind` under Unreleased, which is made where it is missing.

    Raises ValueError where there is no `## [Unreleased]`.
    """
    head, found, rest = changelog.partition("## [Unreleased]\n")
    if not found:
        raise ValueError("CHANGELOG.md has no `## [Unreleased]` section")
    release = re.search(r"^## ", rest, re.MULTILINE)
    unreleased, later = (rest[: release.start()], rest[release.start() :]) if release else (rest, "")
    section = re.search(rf"^### {kind}\n+(?:(?!###).*\n)*", unreleased, re.MULTILINE)
    if section:
        unreleased = f"{unreleased[: section.start()]}{section[0].rstrip()}\n{line}\n\n{unreleased[section.end() :]}"
    else:
        unreleased = f"{unreleased.rstrip()}\n\n### {kind}\n\n{line}\n\n"
    return f"{head}{found}\n{unreleased.strip()}\n" + (f"\n{later}" if later else "")


def _compare_all() -> int:
    failures = 0
    for name, build in BUILDERS.items():
        try:
            told = compare(ROOT, name, build)
        except (ImportError, AttributeError) as error:
            told = f"{name}: cannot be built: {error}\n"
        if told:
            failures += 1
            print(told)
    if not failures:
        print(f"{len(BUILDERS)} contracts say what the code says")
    return 1 if failures else 0


def main() -> int:
    """Exit code: 0 nothing differs or declared, 1 a difference, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="scripts/contracts", description="Compare or declare the contracts.")
    parser.add_argument("--declare", metavar="NAME", choices=sorted(BUILDERS), help=", ".join(sorted(BUILDERS)))
    parser.add_argument("--why", metavar="TEXT", help="what changed for those who rely on it, one sentence")
    options = parser.parse_args()
    if bool(options.declare) != bool(options.why and options.why.strip()):
        parser.error("--declare NAME and --why TEXT belong together")
    if not options.declare:
        return _compare_all()
    print(declare(ROOT, options.declare, BUILDERS[options.declare], options.why))
    return 0


if __name__ == "__main__":
    sys.exit(main())

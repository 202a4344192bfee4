"""Generates harness/cdp/domains, one module a domain of the protocol."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import ROOT
from scripts.protocol.description import Protocol
from scripts.protocol.naming import snake
from scripts.protocol.render import Module
from scripts.protocol.source import FOLDER, LICENSE, keep, read_description, read_pin

DOMAINS = "harness/cdp/domains"
_INIT = '"""Typed commands, types and events, one module a domain of the protocol (docs/cdp.md)."""\n'


def generate(root: Path) -> dict[str, bytes]:
    """Every file of the package by name, formatted. ValueError when the kept description is not the pinned one."""
    protocol, version = Protocol(read_description(root)), read_pin(root).version
    texts = {f"{snake(domain.domain)}.py": Module(protocol, domain, version).text() for domain in protocol.domains}
    if len(texts) != len(protocol.domains):
        raise ValueError("two domains would have one module")
    files = _formatted({"__init__.py": _INIT, **texts}, root)
    files[LICENSE] = (root / FOLDER / LICENSE).read_bytes()
    return files


def _formatted(texts: dict[str, str], root: Path) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="domains-") as name:
        folder = Path(name)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        config = str(root / "pyproject.toml")
        command = [sys.executable, "-m", "ruff", "format", "--quiet", "--no-cache", "--config", config, name]
        subprocess.run(command, check=True)
        return {file: (folder / file).read_bytes() for file in texts}


def differences(root: Path) -> Iterator[tuple[str, str]]:
    """(path, what is wrong) of each committed file that is not what would be generated now."""
    wanted = generate(root)
    folder = root / DOMAINS
    for name, data in wanted.items():
        if not (folder / name).is_file():
            yield f"{DOMAINS}/{name}", "does not exist"
        elif (folder / name).read_bytes() != data:
            yield f"{DOMAINS}/{name}", "is not what is generated"
    for path in sorted(folder.iterdir()):
        if path.name not in wanted and path.name != "__pycache__":
            yield f"{DOMAINS}/{path.name}", "is not generated"


def write(root: Path) -> list[str]:
    """Make the package what is generated now; returns the paths of what was changed or removed."""
    (root / DOMAINS).mkdir(exist_ok=True)
    changed = [path for path, _ in differences(root)]
    wanted = generate(root)
    for path in map(Path, changed):
        if path.name in wanted:
            (root / path).write_bytes(wanted[path.name])
        else:
            (root / path).unlink()
    return changed


def main(arguments: list[str] | None = None) -> int:
    """See scripts/generate_protocol. 1: something differs; 4: the environment lacks npm, or npm failed."""
    parser = argparse.ArgumentParser(prog="scripts/generate_protocol", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only compare")
    what.add_argument("--fetch", action="store_true", help="fetch the pinned version and compare its digests first")
    what.add_argument("--pin", metavar="VERSION", help="move the pin to this version first")
    chosen = parser.parse_args(arguments)
    try:
        return _compare(ROOT) if chosen.check else _generate(ROOT, chosen.pin, fetch=chosen.fetch)
    except ValueError as error:
        return _fail(1, "nothing was generated", str(error), "name a version that exists, or restore scripts/protocol")
    except (OSError, subprocess.CalledProcessError) as error:
        return _fail(
            4, "nothing was generated", str(error), "see that npm is installed, and that its index holds this version"
        )


def _compare(root: Path) -> int:
    found = list(differences(root))
    for path, what_is_wrong in found:
        print(f"{path}: {what_is_wrong}; scripts/generate_protocol")
    return 1 if found else 0


def _generate(root: Path, version: str | None, *, fetch: bool) -> int:
    if fetch or version is not None:
        print(f"kept: devtools-protocol {keep(root, version).version}")
    changed = write(root)
    print(f"generated: {', '.join(changed)}" if changed else "the modules are what is generated")
    return 0


def _fail(code: int, what: str, why: str, do: str) -> int:
    print(f"error: {what}\n  why: {why}\n  do:  {do}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

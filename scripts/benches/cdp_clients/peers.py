"""The bench-only environments of the peers, under `.bench/` of the checkout.

Versions are pinned in peers.txt, peers_pyppeteer.txt and package.json; where from is the machine's own setting.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PINS = Path(__file__).resolve().parents[1]
BENCH = ROOT / ".bench"

PYTHONS = {"peers": "peers.txt", "pyppeteer": "peers_pyppeteer.txt"}
NODE = BENCH / "node"


def command(environment: str, module: str) -> list[str]:
    """How a client's module is started in an environment: `ours`, `peers`, `pyppeteer` or `node`."""
    if environment == "node":
        return ["node", str(Path(__file__).with_name(f"{module}.mjs"))]
    python = sys.executable if environment == "ours" else str(BENCH / environment / "bin" / "python")
    return [python, "-m", f"scripts.benches.cdp_clients.{module}"]


def missing(environment: str) -> str | None:
    """Why an environment cannot be used as it is; None when it can."""
    if environment == "ours" or (
        _stamp(environment).is_file() and _stamp(environment).read_text() == _pins(environment)
    ):
        return None
    return "it is not set up: scripts/bench cdp without --quick installs it"


def set_up(environment: str, say: Callable[[str], None]) -> str | None:
    """Install what is missing; returns why that failed."""
    if missing(environment) is None:
        return None
    folder = BENCH / environment
    say(f"Setting up {folder.relative_to(ROOT)} for the bench; this happens once.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        if environment == "node":
            shutil.copy(PINS / "package.json", folder)
            _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"], folder)
        else:
            _run([sys.executable, "-m", "venv", "."], folder)
            pins = str(PINS / PYTHONS[environment])
            _run(["bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", pins], folder)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"it cannot be installed: {said.strip().splitlines()[-1]}"
    _stamp(environment).write_text(_pins(environment))
    return None


def _stamp(environment: str) -> Path:
    return BENCH / environment / ".stamp"


def _pins(environment: str) -> str:
    name = "package.json" if environment == "node" else PYTHONS[environment]
    return hashlib.sha256((PINS / name).read_bytes() + sys.version.encode()).hexdigest()


def _run(arguments: list[str], folder: Path) -> None:
    subprocess.run(arguments, cwd=folder, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)

"""The entry module only assembles: harness/cli/main.py stays under 100 lines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish

ENTRY = "harness/cli/main.py"
LINES_BELOW = 100


def check(root: Path) -> Iterator[Finding]:
    """At most one finding: the entry module is missing or too long."""
    path = root / ENTRY
    if not path.is_file():
        yield Finding(ENTRY, 0, "the entry module is missing")
        return
    lines = len(path.read_text(encoding="utf-8").splitlines())
    if lines >= LINES_BELOW:
        yield Finding(ENTRY, 0, f"{lines} lines; it stays under {LINES_BELOW}: move a command group to its own file")


if __name__ == "__main__":
    finish(check)

"""Library code does not print: no call of `print` in strategies/, nor in harness/ outside harness/cli."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish, python_files


def check(root: Path) -> Iterator[Finding]:
    """Every call of `print` where it is not allowed."""
    for path, tree in python_files(root, "harness", "strategies"):
        if path.startswith("harness/cli/"):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield Finding(path, node.lineno, "print in library code; emit an event, or return the text to the cli")


if __name__ == "__main__":
    finish(check)

"""What every check shares: a finding, the files it looks at, and how it ends."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finding:
    """One broken rule at one place; `line` 0 means the file as a whole."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.text}"


def python_files(root: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python file under these folders of `root`: its path relative to `root`, with `/`, and its syntax tree."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            yield path.relative_to(root).as_posix(), ast.parse(path.read_bytes(), filename=str(path))


def finish(check: Callable[[Path], Iterable[Finding]]) -> None:
    """Run the check on the checkout, or the folder named as first argument; list what it found, exit 1 if anything."""
    try:
        found = list(check(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
    except SyntaxError as error:
        found = [
            Finding(str(error.filename), error.lineno or 0, f"is not Python as this interpreter reads it: {error.msg}")
        ]
    for finding in found:
        print(finding)
    sys.exit(1 if found else 0)

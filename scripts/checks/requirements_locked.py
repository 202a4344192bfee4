"""Requirements are locked by version and hash, and name no index: where packages come from is the user's setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish

_ADDRESS = re.compile(r"https?:|(?<!\S)-(?:i|f)\b|--(?:extra-)?index-url|--find-links|--trusted-host|(?<!\S)@(?!\S)")
_INDEX_SETTING = re.compile(
    r"--(?:extra-)?index-url|\bPIP_(?:EXTRA_)?INDEX_URL\b|\bUV_(?:DEFAULT_)?INDEX|(?<!\S)index-url\s*="
)
_ELSEWHERE = ("pyproject.toml", "README.md", "CONTRIBUTING.md", ".ci/*", "scripts/*", "docs/*.md")
# Files of other installers that write the address of the index they were made from.
_FOREIGN_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pip.conf", "uv.toml")


def check(root: Path) -> Iterator[Finding]:
    """Unlocked requirements, and every index address."""
    for path in sorted((root / "requirements").glob("*.txt")):
        yield from _requirements(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
    for pattern in _ELSEWHERE:
        for path in sorted(filter(Path.is_file, root.glob(pattern))):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if _INDEX_SETTING.search(line):
                    yield Finding(
                        path.relative_to(root).as_posix(), number, "names a package index; that is the user's setting"
                    )
    for name in _FOREIGN_LOCKS:
        if (root / name).exists():
            yield Finding(name, 0, "a file that names a package index; requirements/*.txt are the lock")


def _requirements(name: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        if _ADDRESS.search(line):
            yield Finding(name, number, "names an index or an address")
    # A backslash joins a requirement with its hashes; blanking it keeps what one logical line is.
    for logical in text.replace("\\\n", " ").splitlines():
        requirement = logical.partition(" #")[0].strip()
        if (
            requirement
            and not requirement.startswith(("#", "-"))
            and not ("==" in requirement and "--hash=" in requirement)
        ):
            yield Finding(name, 0, f"{requirement.split()[0]} is not locked by version and hash")


if __name__ == "__main__":
    finish(check)

"""What the documents point at exists: README.md, CONTRIBUTING.md, CHANGELOG.md and docs/*.md.

Looked at are Markdown links and images, `href` and `src` attributes, and paths in code (spans and fenced blocks) that
begin with a folder of the checkout, such as `scripts/test`. A path with a placeholder (`<name>`, `*`, `…`) is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish

FOLDERS = ("harness", "strategies", "profiles", "scripts", "tests", "docs", "requirements", ".ci")
_LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)>?[^)]*\)|^[ \t]*\[[^\]]+\]:\s*<?(\S+?)>?\s*$|(?:href|src)=[\"']([^\"']+)[\"']", re.MULTILINE
)
_CODE = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1|(`+)(?!`).+?(?<!`)\2(?!`)", re.MULTILINE | re.DOTALL)
_PLACEHOLDER = re.compile(r"[<>*{}$…\[\]]|\.\.\.")


def check(root: Path) -> Iterator[Finding]:
    """Every link and path whose target is missing."""
    documents = [root / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for document in [*documents, *sorted((root / "docs").glob("*.md"))]:
        if not document.is_file():
            continue
        text = document.read_text(encoding="utf-8")
        for start, target, base in _targets(root, document, text):
            if not (base / target).exists():
                line = text.count("\n", 0, start) + 1
                yield Finding(document.relative_to(root).as_posix(), line, f"{target} does not exist")


def _targets(root: Path, document: Path, text: str) -> Iterator[tuple[int, str, Path]]:
    """(offset, path, folder that the path is relative to)."""
    without_code = _CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    for match in _LINK.finditer(without_code):
        target = next(filter(None, match.groups())).partition("#")[0]
        if target and not re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
            yield match.start(), target, document.parent
    for match in _CODE.finditer(text):
        for word in re.finditer(r"[^\s`'\"(),;]+", match[0]):
            target = word[0].partition("::")[0].removeprefix("./").rstrip(".:")
            if target.startswith(tuple(f"{folder}/" for folder in FOLDERS)) and not _PLACEHOLDER.search(target):
                yield match.start() + word.start(), target, root


if __name__ == "__main__":
    finish(check)

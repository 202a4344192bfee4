"""Every module has its own test file: harness/x/y.py has tests/x/test_y.py, strategies/y.py tests/strategies/test_y.py.

Free of it are `__init__` modules, modules of at most 30 lines of code (blank lines, comments and docstrings not
counted), and modules that only declare (no function with a body). A module that is tested elsewhere, say on a real
browser alone, is listed in tests/covered_elsewhere.toml with the test that covers it and the reason:

    ["harness/cdp/launch.py"]
    by = "tests/browser/test_launch.py"
    why = "only a real process shows it"

A row may name all modules of a folder, `["harness/cdp/domains/*.py"]`: for what is generated.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from scripts.checks.findings import Finding, finish, python_files

ELSEWHERE = "tests/covered_elsewhere.toml"
FREE_LINES = 30
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module


def check(root: Path) -> Iterator[Finding]:
    """Modules without a test, and rows of the table that no longer say the truth."""
    table = root / ELSEWHERE
    elsewhere = tomllib.loads(table.read_text(encoding="utf-8")) if table.is_file() else {}
    for path, tree in python_files(root, "harness", "strategies"):
        expected = test_of(path)
        if (root / expected).is_file():
            if path in elsewhere:
                yield Finding(ELSEWHERE, 0, f"{path} has its own test now; remove its row")
        elif not {path, all_of_folder(path)} & elsewhere.keys() and needs_test(path, tree):
            yield Finding(path, 0, f"has no test; write {expected}, or say in {ELSEWHERE} what covers it")
    for path, row in elsewhere.items():
        if not any(root.glob(path)):
            yield Finding(ELSEWHERE, 0, f"{path} does not exist")
        if not isinstance(row, dict) or not row.get("why") or not (root / str(row.get("by") or "?")).is_file():
            yield Finding(ELSEWHERE, 0, f"{path} needs `by`, a test file that exists, and `why`")


def test_of(path: str) -> str:
    """Where the test of a module belongs: `harness/cdp/session.py` -> `tests/cdp/test_session.py`."""
    module = PurePosixPath(path)
    folder = module.parent.relative_to("harness") if module.parts[0] == "harness" else module.parent
    return str(PurePosixPath("tests") / folder / f"test_{module.stem.lstrip('_')}.py")


def all_of_folder(path: str) -> str:
    """The row that names a module together with all others of its folder."""
    return str(PurePosixPath(path).with_name("*.py"))


def needs_test(path: str, tree: ast.Module) -> bool:
    """Whether a module is long enough, and does something."""
    return not path.endswith("__init__.py") and lines_of_code(tree) > FREE_LINES and not _only_declares(tree)


def lines_of_code(tree: ast.Module) -> int:
    """Lines that some code stands on: no blank line, comment or docstring."""
    docstrings = {id(node.body[0]) for node in ast.walk(tree) if isinstance(node, _Definition) and _docstring(node)}
    lines: set[int] = set()
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if id(node) in docstrings:
            continue
        # A constant is a leaf, and the one that can span lines; a statement's own lines are its parts' lines.
        if isinstance(node, ast.expr | ast.stmt | ast.ExceptHandler | ast.arg | ast.alias | ast.keyword):
            lines.add(node.lineno)
            if node.end_lineno is not None and isinstance(node, ast.Constant | ast.JoinedStr):
                lines.update(range(node.lineno, node.end_lineno + 1))
        pending.extend(ast.iter_child_nodes(node))
    return len(lines)


def _only_declares(tree: ast.Module) -> bool:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return all(map(_has_no_body, functions))


def _has_no_body(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A port's method: a docstring, `...` or `pass`, and nothing else."""
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


def _docstring(node: _Definition) -> bool:
    return ast.get_docstring(node, clean=False) is not None


if __name__ == "__main__":
    finish(check)

"""No exception is swallowed.

A catch is broad when it is bare or names `Exception` or `BaseException`, alone or in a tuple. The rule, for harness/,
strategies/ and scripts/:

- a bare `except:` is refused: it says not even what it catches;
- `suppress(Exception)` and `suppress(BaseException)` are refused;
- a broad catch must raise, or hand the error on: call something whose name begins with one of `HANDS_ON` (after leading
  underscores, up to the next one), such as `log.error(…)`, `self._record_failure(…)` or `waiter.set_exception(…)`.

What a function or class defined inside the handler does later does not count. Narrow catches are free.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.checks.findings import Finding, finish, python_files

BROAD = frozenset({"Exception", "BaseException"})
HANDS_ON = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log", "record", "emit"})
HANDS_ON_EXACTLY = frozenset({"set_exception"})  # `set` alone would say nothing
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def check(root: Path) -> Iterator[Finding]:
    """Every place that breaks the rule above."""
    for path, tree in python_files(root, "harness", "strategies", "scripts"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and (text := _judge(node)):
                yield Finding(path, node.lineno, text)
            if isinstance(node, ast.Call) and _name(node.func) == "suppress" and any(map(_is_broad, node.args)):
                yield Finding(path, node.lineno, "suppress() of every exception; name the ones that are expected")


def _judge(handler: ast.ExceptHandler) -> str:
    if handler.type is None:
        return "bare except; name what is caught"
    if not _is_broad(handler.type):
        return ""
    inside = list(_now(handler.body))
    if any(isinstance(node, ast.Raise) for node in inside):
        return ""
    if any(isinstance(node, ast.Call) and _hands_on(_name(node.func)) for node in inside):
        return ""
    return "a broad catch that neither raises nor logs; name what is caught, or log the cause"


def _is_broad(caught: ast.expr) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(map(_is_broad, caught.elts))
    return _name(caught) in BROAD


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _hands_on(called: str) -> bool:
    called = called.lstrip("_")
    return called in HANDS_ON_EXACTLY or called.partition("_")[0] in HANDS_ON


def _now(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """These nodes and what is in them, without the bodies that run later."""
    for node in nodes:
        if not isinstance(node, _LATER):
            yield node
            yield from _now(ast.iter_child_nodes(node))


if __name__ == "__main__":
    finish(check)

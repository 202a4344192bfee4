"""Runs the bench that is named; `scripts/bench` starts this."""

from __future__ import annotations

import ast
import difflib
import importlib
import sys
from pathlib import Path

from scripts.benches.figures import BenchOptions, show_figures

NO_BENCHES = {"__init__", "__main__", "figures"}
FLAGS = {"--quick", "--json"}


def benches() -> dict[str, str]:
    """Every bench and the first line of its docstring."""
    files = [path for path in sorted(Path(__file__).parent.glob("*.py")) if path.stem not in NO_BENCHES]
    told = {path.stem: ast.get_docstring(ast.parse(path.read_bytes())) or "" for path in files}
    return {name.replace("_", "-"): text.partition("\n")[0] for name, text in told.items() if not name.startswith("_")}


def main(arguments: list[str]) -> int:
    """0 when the bench ran, or the list was asked for; 2 on wrong usage."""
    arguments, only = _take_only(arguments)
    flags = {argument for argument in arguments if argument.startswith("-")}
    names = [argument for argument in arguments if not argument.startswith("-")]
    known = benches()
    if flags & {"-h", "--help"} or not arguments:
        print("scripts/bench NAME [--quick] [--json] [--only WORD,…]\n")
        for name, text in known.items():
            print(f"  {name:12} {text}")
        return 0
    if len(names) != 1 or names[0] not in known or flags - FLAGS:
        return _refuse(names, sorted(flags - FLAGS), list(known))
    options = BenchOptions(quick="--quick" in flags, json="--json" in flags, only=only)
    bench = importlib.import_module(f"scripts.benches.{names[0].replace('-', '_')}")
    show_figures(bench.run(options), options)
    return 0


def _take_only(arguments: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """What is left of the arguments, and the words of `--only`, which some benches know."""
    if "--only" not in arguments[:-1]:
        return arguments, ()
    at = arguments.index("--only")
    words = tuple(word for word in arguments[at + 1].split(",") if word)
    return arguments[:at] + arguments[at + 2 :], words


def _refuse(names: list[str], flags: list[str], known: list[str]) -> int:
    what = f"unknown option {flags[0]}" if flags else f"there is no bench {names[0]!r}" if len(names) == 1 else ""
    near = difflib.get_close_matches(names[0], known, n=1) if names else []
    why = f"did you mean {near[0]}?" if near and near[0] not in names else f"known are {', '.join(known) or 'none'}"
    what = what or "exactly one bench is run at a time"
    print(
        f"bench: {what}\n  why: {why}\n  to do: scripts/bench NAME [--quick] [--json] [--only WORD,…]", file=sys.stderr
    )
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

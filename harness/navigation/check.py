"""Checking a map against the registered strategies, before anything runs: what cannot be run is refused by name."""

from __future__ import annotations

from typing import NamedTuple

from harness.navigation.drift import MapError
from harness.navigation.map import NavigationMap
from harness.navigation.registry import StrategyRegistry


class Problem(NamedTuple):
    """Why a step cannot run. `why` is complete without the other fields' help."""

    file: str
    step: str
    action: str
    why: str
    todo: str


def find_problems(path: NavigationMap, registry: StrategyRegistry) -> list[Problem]:
    """Every step that no strategy can run as it is recorded, in order."""
    problems: list[Problem] = []
    for _, step in path.steps():
        chosen = registry.get(step.action)
        if chosen is None:
            nearest = registry.nearest(step.action)
            hint = f"; the nearest registered one is {nearest!r}" if nearest else ""
            problems.append(
                Problem(
                    path.source,
                    step.id,
                    step.action,
                    f"no strategy is registered for action {step.action!r}{hint}",
                    "register a strategy of that name (`harness strategy list` shows those there are), or change the step",
                )
            )
            continue
        missing = chosen.missing(step)
        if missing:
            problems.append(
                Problem(
                    path.source,
                    step.id,
                    step.action,
                    f"the action {step.action!r} needs {', '.join(missing)}",
                    f"give step {step.id} what is missing",
                )
            )
    return problems


def refuse_unrunnable(path: NavigationMap, registry: StrategyRegistry) -> None:
    """MapError naming file, step and action of the first problem, and how many more there are."""
    problems = find_problems(path, registry)
    if problems:
        first, more = problems[0], len(problems) - 1
        raise MapError(
            f"{first.file}: step {first.step} (action {first.action}) cannot be run"
            + (f", nor can {more} more" if more else ""),
            why=first.why,
            todo=first.todo,
            file=first.file,
            step=first.step,
            action=first.action,
        )

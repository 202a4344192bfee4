"""Criteria are found by lying in the package `criteria`: a new one is a new file."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from harness.readiness import criteria
from harness.readiness.finding import Criterion


@functools.cache
def all_criteria() -> tuple[Criterion, ...]:
    """Every criterion in the order of its rank; ValueError when two share a name or a module has no `CRITERION`."""
    found: dict[str, Criterion] = {}
    for module_info in pkgutil.iter_modules(criteria.__path__):
        module = importlib.import_module(f"{criteria.__name__}.{module_info.name}")
        criterion = getattr(module, "CRITERION", None)
        if not isinstance(criterion, Criterion):
            raise ValueError(f"{module.__name__} exposes no CRITERION")  # noqa: TRY004 - a module, not an argument
        if criterion.name in found:
            raise ValueError(f"two criteria are named {criterion.name!r}")
        found[criterion.name] = criterion
    return tuple(sorted(found.values(), key=lambda criterion: (criterion.rank, criterion.name)))

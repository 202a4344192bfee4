"""Step strategies: one decorator, one registry. A strategy is an async function of (context, step).

@strategy("click", requires=("place",))
async def click(ctx: StepContext, step: Step) -> None: …
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING

from harness.basics.errors import UsageError
from harness.navigation.map import Step

if TYPE_CHECKING:
    from harness.navigation.context import StepContext

Run = Callable[["StepContext", Step], Awaitable[None]]
ENTRY_POINT_GROUP = "harness.strategies"


@dataclass(frozen=True)
class Strategy:
    """One navigation action.

    requires: `place`, `text`, `selectors`, or names of params that a step must give. holds: a scope kind taken before the
    step and kept after it; releases: a scope kind given back (and cleared) when the step is done.
    """

    name: str
    run: Run
    requires: tuple[str, ...] = ()
    holds: str | None = None
    releases: str | None = None

    @property
    def module(self) -> str:
        """Where it was written."""
        return self.run.__module__

    def missing(self, step: Step) -> list[str]:
        """Names of what the step does not give although this strategy needs it."""

        def given(need: str) -> bool:
            match need:
                case "place":
                    return step.place.is_given
                case "selectors":
                    return bool(step.place.selectors)
                case "text":
                    return step.text is not None
                case _:
                    return step.params.get(need) is not None

        return [need for need in self.requires if not given(need)]


def strategy(
    name: str, *, requires: tuple[str, ...] = (), holds: str | None = None, releases: str | None = None
) -> Callable[[Run], Strategy]:
    """Declare the function below as the strategy for steps of action `name`."""

    def declare(run: Run) -> Strategy:
        return Strategy(name, run, requires, holds, releases)

    return declare


class StrategyRegistry:
    """The strategies of one run, by name; two with one name are refused."""

    def __init__(self, strategies: Iterable[Strategy] = ()) -> None:
        self._by_name: dict[str, Strategy] = {}
        for item in strategies:
            self.add(item)

    def add(self, item: Strategy) -> None:
        """Register one; UsageError when the name is taken by another."""
        present = self._by_name.get(item.name)
        if present is not None and present is not item:
            raise UsageError(
                f"two strategies are named {item.name!r}",
                why=f"one stands in {present.module}, the other in {item.module}",
                todo="rename one of them, or remove its package from the profile's strategies",
            )
        self._by_name[item.name] = item

    def get(self, name: str) -> Strategy | None:
        """The strategy of this name."""
        return self._by_name.get(name)

    def nearest(self, name: str) -> str | None:
        """The registered name closest to `name`, for messages."""
        close = difflib.get_close_matches(name, self._by_name, n=1)
        return close[0] if close else None

    def without(self, names: Iterable[str]) -> StrategyRegistry:
        """A copy that lacks these names; UsageError for a name that is not there."""
        excluded = set(names)
        unknown = excluded - self._by_name.keys()
        if unknown:
            raise UsageError(
                f"strategies to leave out are not registered: {', '.join(sorted(unknown))}",
                why="the profile's strategies.exclude names them",
                todo="correct the names; `harness strategy list` shows what is there",
            )
        return StrategyRegistry(item for name, item in self._by_name.items() if name not in excluded)

    def __iter__(self) -> Iterator[Strategy]:
        return iter(sorted(self._by_name.values(), key=lambda item: item.name))

    def __len__(self) -> int:
        return len(self._by_name)


def load_strategies(packages: Iterable[str], entry_points: Iterable[str] = ()) -> StrategyRegistry:
    """Import the named packages and entry points (group `harness.strategies`) and collect what they declare.

    Nothing is loaded that settings do not name. Raises UsageError for a name that cannot be imported or holds nothing.
    """
    registry = StrategyRegistry()
    for name in packages:
        _collect(registry, name, _modules_of(name))
    installed = {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINT_GROUP)}
    for name in entry_points:
        entry = installed.get(name)
        if entry is None:
            raise UsageError(
                f"no strategies are installed under the entry point {name!r}",
                why=f"group {ENTRY_POINT_GROUP} holds: {', '.join(sorted(installed)) or 'nothing'}",
                todo="install the package that provides it, or remove it from strategies.entry_points",
            )
        _collect(registry, name, _modules_of(entry.module))
    return registry


def _modules_of(name: str) -> list[ModuleType]:
    root = _import(name, name)
    if not hasattr(root, "__path__"):
        return [root]
    children = [info.name for info in pkgutil.iter_modules(root.__path__)]
    return [root, *(_import(f"{name}.{child}", name) for child in children)]


def _import(module: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # whatever the package's own code raises; it may not end the harness
        raise UsageError(
            f"strategies of {package!r} cannot be loaded",
            why=f"module {module}: {type(error).__name__}: {error}",
            todo="correct the profile's [strategies], or mend the package",
        ) from error


def _collect(registry: StrategyRegistry, name: str, modules: list[ModuleType]) -> None:
    found = [item for module in modules for item in vars(module).values() if isinstance(item, Strategy)]
    if not found:
        raise UsageError(
            f"{name!r} holds no strategies",
            why="no module of it declares one with @strategy",
            todo="correct the profile's [strategies], or add a strategy to the package",
        )
    for item in found:
        registry.add(item)

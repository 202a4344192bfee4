"""The strategies of a profile: what its packages and entry points declare, without those that it leaves out."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable

from harness.navigation.registry import StrategyRegistry, load_strategies
from harness.settings.profile import LoadedProfile, StrategySettings


def strategies_of(loaded: LoadedProfile | None, exclude: Iterable[str] = ()) -> StrategyRegistry:
    """Load what a profile names (None: the shipped ones). UsageError for what cannot be loaded or left out.

    A package that Python does not find by itself is looked for in the profile's `strategies.folders`, which come last on
    the module path: nothing there takes the place of what is installed.
    """
    settings = StrategySettings() if loaded is None else loaded.profile.strategies
    if loaded is not None and not all(map(_is_found, settings.packages)):
        for folder in settings.folders:
            place = str((loaded.file.parent / folder).resolve())
            if place not in sys.path:
                sys.path.append(place)
    registry = load_strategies(settings.packages, settings.entry_points)
    return registry.without([*settings.exclude, *exclude])


def _is_found(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):  # its parent cannot be imported, or its name is none: loading it will say so
        return False

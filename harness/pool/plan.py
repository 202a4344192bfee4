"""What workers run: paths ready for replay, credentials by reference, and the figures that the live view shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.navigation.context import CredentialValues
from harness.navigation.downloads import Downloads
from harness.navigation.map import NavigationMap
from harness.navigation.registry import StrategyRegistry
from harness.pool.ledger import Ledger
from harness.telemetry.histogram import LogHistogram


@dataclass(frozen=True)
class PathPlan:
    """One path of the run: its map with values bound, and whether a spin leaves an effect in the site's record."""

    name: str
    map: NavigationMap
    effect: bool = False


class SpinNaming(NamedTuple):
    """How the site learns a spin's id. A header is an override of the session: while the connection is lost, the page's
    requests go out without it. A cookie belongs to the browser context and outlives the session."""

    header: str | None = None
    cookie: str | None = None

    @property
    def outlives_the_session(self) -> bool:
        """Whether what the site holds of a spin is found by its id also after its connection was lost."""
        return self.cookie is not None


UNNAMED = SpinNaming()


@dataclass(frozen=True)
class WorkPlan:
    """Everything that a worker needs to know, the same for all. Times in seconds."""

    paths: Mapping[str, PathPlan]
    credentials: Mapping[str, CredentialValues]
    registry: StrategyRegistry
    ledger: Ledger | None = None
    naming: SpinNaming = UNNAMED
    allowed_origins: frozenset[str] = frozenset()
    spin_timeout_s: float = 30.0
    step_timeout_s: float = 5.0
    lock_timeout_s: float = 20.0
    hold_s: float = 15.0
    ledger_settle_s: float = 0.3
    downloads: Downloads | None = None


@dataclass
class WorkerView:
    """What the live view shows of a worker."""

    worker_id: str
    cohort: str
    state: str = "idle"
    path: str = ""
    phase: str = ""
    step: str = ""
    spins: int = 0
    failures: int = 0


@dataclass
class RunFigures:
    """Counts of the whole run, for the live view; the verdict never reads them."""

    spins: int = 0
    completed: int = 0
    failed: int = 0
    unknown: int = 0
    latency_ms: LogHistogram = field(default_factory=LogHistogram)
    failures_by_cause: dict[str, int] = field(default_factory=dict)
    effect_spins: set[str] = field(default_factory=set)
    """Ids of spins whose effects the site may hold."""

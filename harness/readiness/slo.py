"""The thresholds that a run is judged by. They travel in the run's manifest, so a run carries its own yardstick."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from harness.basics.errors import UsageError
from harness.runfolder.manifest import Manifest

Share = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Sample = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Milliseconds = Annotated[float, Meta(gt=0, le=86_400_000)]
Rate = Annotated[float, Meta(ge=0, le=1_000_000)]


class PathSlo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """p95 limits in ms of one path: of a whole spin (`total`) and of its phases by name."""

    total: Milliseconds | None = None
    phases: dict[str, Milliseconds] = {}


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[criteria]` of a profile.

    error_rate_max: share of failed and unknown spins; cancelled ones are left out.
    min_spins: ended spins below which error rate is not judged a pass.
    min_spins_per_path: samples below which a p95 is not judged; under 20 a p95 is the slowest sample.
    p95_ms: limits by path; p95_default_ms: for every path and phase without one.
    min_throughput_per_min: completed spins per minute, all workers together; …_per_worker_per_min: each one.
    min_worker_s: a worker that worked for less is not judged by its throughput.
    max_unknown_spins: spins of which nobody knows whether the site holds their effect, after asking it.
    max_refused_after_revocation: refused writes under a lease that a lost connection had taken away. The fence worked;
        refused writes without any lease are never tolerated.
    max_disconnects_per_browser_hour: lost connections that the run's own faults do not explain.
    duration_tolerance: share of the planned duration that may be missing.
    site_is_shared: others use the site, too, so its record may hold entries that are not this run's.
    """

    error_rate_max: Share = 0.05
    min_spins: Sample = 20
    min_spins_per_path: Sample = 20
    p95_ms: dict[str, PathSlo] = {}
    p95_default_ms: Milliseconds = 10_000.0
    min_throughput_per_min: Rate = 1.0
    min_throughput_per_worker_per_min: Rate = 0.1
    min_worker_s: Annotated[float, Meta(ge=0, le=86_400)] = 10.0
    max_unknown_spins: Amount = 0
    max_refused_after_revocation: Amount = 0
    max_disconnects_per_browser_hour: Rate = 4.0
    duration_tolerance: Annotated[float, Meta(ge=0, le=0.5)] = 0.02
    site_is_shared: bool = False

    def total_ms(self, path: str) -> float:
        """The p95 limit of a whole spin of `path`, in ms."""
        slo = self.p95_ms.get(path)
        return slo.total if slo is not None and slo.total is not None else self.p95_default_ms

    def phase_ms(self, path: str, phase: str) -> float:
        """The p95 limit of one phase of `path`, in ms."""
        slo = self.p95_ms.get(path)
        return slo.phases.get(phase, self.p95_default_ms) if slo is not None else self.p95_default_ms


def thresholds_of(manifest: Manifest) -> Thresholds:
    """The thresholds in a manifest; UsageError when they are none of this version."""
    try:
        return msgspec.convert(manifest.criteria, Thresholds, strict=True)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"the criteria of run {manifest.run_id} cannot be used",
            why=str(error),
            todo="evaluate it with the harness version named in its manifest",
        ) from error

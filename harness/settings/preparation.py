"""From a validated profile to a run that can start: everything that can be refused beforehand is looked at here."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import NamedTuple

from harness.basics.errors import UsageError
from harness.basics.secret import Secret, resolve_secret
from harness.burnin.feed import PathShare, each_once
from harness.cdp.finding import BrowserBinary, find_browser
from harness.navigation.binding import bind_values
from harness.navigation.check import refuse_unrunnable
from harness.navigation.context import CredentialValues
from harness.navigation.map import NavigationMap, Text
from harness.navigation.readers import ReadMap, read_map
from harness.navigation.registry import StrategyRegistry
from harness.pool.items import WorkItem
from harness.pool.modes import Mode
from harness.settings.environment import Environment
from harness.settings.profile import LoadedProfile, PathSettings
from harness.settings.references import nearest
from harness.settings.strategies import strategies_of
from harness.telemetry.redaction import MIN_SECRET_LENGTH


class RunOptions(NamedTuple):
    """What the command line may change of a profile. attempts None: as the profile says."""

    mode: Mode
    workers: int | None = None
    duration_s: float | None = None
    paths: tuple[str, ...] = ()
    misbehave: tuple[str, ...] = ()
    exclude_strategies: tuple[str, ...] = ()
    items: int | None = None


class Prepared(NamedTuple):
    """A run that can start: everything that can be refused before the start has been looked at. binary: None where the
    profile names endpoints of browsers that run already."""

    loaded: LoadedProfile
    options: RunOptions
    environment: Environment
    binary: BrowserBinary | None
    registry: StrategyRegistry
    maps: dict[str, ReadMap]
    accounts: dict[str, Secret]
    credentials: dict[str, CredentialValues]
    shares: list[PathShare]
    warnings: tuple[str, ...] = ()


def prepare(loaded: LoadedProfile, options: RunOptions, environment: Environment) -> Prepared:
    """Load and check strategies, maps, credentials and the browser; UsageError or EnvironmentLacksError by name."""
    profile = loaded.profile
    _refuse_misfit_options(loaded, options)
    registry = strategies_of(loaded, options.exclude_strategies)
    chosen = _chosen_paths(loaded, options)
    maps: dict[str, ReadMap] = {}
    for path in chosen:
        found = read_map(loaded.file.parent / path.map)
        bound = bind_values(found.map, {key: Text(credential=field) for key, field in path.bind.items()})
        refuse_unrunnable(bound, registry)
        _refuse_limits_of_no_phase(loaded, path, bound)
        _refuse_without_credentials(loaded, path, bound)
        maps[path.name] = ReadMap(bound, found.drift)
    site_secrets = {account: secrets.token_urlsafe(18) for account in profile.site.accounts}
    credentials = _credentials(loaded, chosen, site_secrets)
    launched = not profile.browser.endpoints
    binary = find_browser(environment.browser, headless=profile.browser.headless) if launched else None
    shares = [PathShare(p.name, p.weight, p.credentials, p.priority, p.attempts) for p in chosen]
    accounts = {account: Secret(f"site:{account}", value) for account, value in site_secrets.items()}
    return Prepared(
        loaded,
        options,
        environment,
        binary,
        registry,
        maps,
        accounts,
        credentials,
        shares,
        warnings_of(loaded, options),
    )


def _refuse_misfit_options(loaded: LoadedProfile, options: RunOptions) -> None:
    """What was asked for and would be passed over in silence."""
    if options.misbehave and not loaded.profile.site.builtin:
        raise UsageError(
            "--misbehave cannot be used with this profile",
            why=f"profile {loaded.name} runs on {loaded.profile.site.origin}; only the built-in site misbehaves on demand",
            todo="leave it out, or name a profile with builtin = true under [site]",
        )
    if options.mode is Mode.FIRST_SPIN and (options.items or 1) > 1:
        raise UsageError(
            f"--items {options.items} cannot be used with the mode first-spin",
            why="it is one spin of one work item",
            todo="leave --items out, or use --mode sequential",
        )
    if options.mode in {Mode.FIRST_SPIN, Mode.SEQUENTIAL} and (options.workers or 1) > 1:
        raise UsageError(
            f"--workers {options.workers} cannot be used with the mode {options.mode.value}",
            why="it has one worker",
            todo="leave --workers out, or use --mode parallel",
        )


def _refuse_limits_of_no_phase(loaded: LoadedProfile, path: PathSettings, found: NavigationMap) -> None:
    limits = loaded.profile.criteria.p95_ms.get(path.name)
    known = [phase.name for phase in found.phases]
    for name in limits.phases if limits is not None else ():
        if name not in known:
            raise UsageError(
                f"profile {loaded.file}, key criteria.p95_ms.{path.name}.phases cannot be used",
                why=f"the path's map has no phase {name!r}{nearest(name, known)}",
                todo="correct the phase's name",
            )


def warnings_of(loaded: LoadedProfile, options: RunOptions) -> tuple[str, ...]:
    """What the run will not do although the profile says it; each is one sentence."""
    if options.mode is not Mode.BURN_IN:
        return ()
    duration_s = options.duration_s or loaded.profile.run.duration_s
    return tuple(
        f"faults[{number}] ({fault.kind} at {fault.at_s:g} s) will not be made: the run works for {duration_s:g} s"
        for number, fault in enumerate(loaded.profile.faults)
        if fault.at_s >= duration_s
    )


def _chosen_paths(loaded: LoadedProfile, options: RunOptions) -> list[PathSettings]:
    known = {path.name: path for path in loaded.profile.paths}
    for name in options.paths:
        if name not in known:
            raise UsageError(
                f"profile {loaded.name} has no path {name!r}",
                why=f"its paths are {', '.join(known)}",
                todo="name one of them with --path",
            )
    return [path for path in loaded.profile.paths if not options.paths or path.name in options.paths]


def _refuse_without_credentials(loaded: LoadedProfile, path: PathSettings, bound: NavigationMap) -> None:
    needs = next((step for _, step in bound.steps() if step.text is not None and step.text.credential), None)
    if needs is not None and not path.credentials:
        raise UsageError(
            f"profile {loaded.file}, path {path.name}: step {needs.id} enters a credential, but the path has none",
            why="paths.credentials is empty",
            todo="name the credentials that this path may use",
        )


def _credentials(
    loaded: LoadedProfile, paths: list[PathSettings], site_secrets: dict[str, str]
) -> dict[str, CredentialValues]:
    used = {name for path in paths for name in path.credentials}
    found: dict[str, CredentialValues] = {}
    for item in loaded.profile.credentials:
        if item.name not in used:
            continue
        try:
            value = resolve_secret(item.secret, provided=site_secrets, base=loaded.file.parent)
        except UsageError as error:
            raise UsageError(
                f"credential {item.name!r}: {error.what}", why=error.why, todo=error.todo, cause=error.cause
            ) from error
        if len(value.reveal()) < MIN_SECRET_LENGTH:
            raise UsageError(
                f"the secret of credential {item.name!r} is too short",
                why=f"under {MIN_SECRET_LENGTH} characters it cannot be kept out of the evidence",
                todo="use a longer one",
            )
        found[item.name] = CredentialValues(item.name, item.site, item.account, Secret(item.name, value.reveal()))
    return found


def counted_items(prepared: Prepared) -> list[WorkItem]:
    """The items of a mode that counts them: every path with every credential once; one alone for `first-spin`."""
    first = prepared.options.mode is Mode.FIRST_SPIN
    items = each_once(prepared.shares, attempts=1 if first else None)
    wanted = 1 if first else prepared.options.items or len(items)
    rounds = [
        replace(item, id=WorkItem(item.path).id, key=f"{item.key}#{turn}")
        for turn in range(-(-wanted // len(items)))
        for item in items
    ]
    return rounds[:wanted]

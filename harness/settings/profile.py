"""Burn-in profiles: TOML files, validated as they are loaded; what they say is data, never code."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from harness.basics.errors import UsageError
from harness.burnin.faults import PlannedFault
from harness.cdp.launch import TransportKind
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.recycling import RecyclePolicy
from harness.readiness.slo import Thresholds
from harness.settings.reconnect_profile import DEFAULT_RECONNECT, NamedReconnect, chosen_reconnect
from harness.settings.references import check_references
from harness.settings.shipped import shipped_folder
from harness.settings.toml_struct import read_struct

Count = Annotated[int, Meta(ge=1, le=10_000)]
Seconds = Annotated[float, Meta(gt=0, le=31 * 86_400)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Origin = Annotated[str, Meta(pattern=r"^https?://[^/?#@\s]+$")]
Endpoint = Annotated[str, Meta(pattern=r"^(wss?://[^/?#@\s]+/devtools/browser/[^/?#\s]+|https?://[^/?#@\s]+/?)$")]
NoOrigin = Annotated[str, Meta(pattern=r"^(https?://[^/?#@\s]+)?$")]


class RunSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[run]`: how many, how long. Times in seconds; `seed` makes mix and jitter repeatable."""

    workers: Count = 4
    browsers: Annotated[int, Meta(ge=1, le=256)] = 1
    duration_s: Seconds = 60.0
    drain_s: Seconds = 10.0
    snapshot_s: Seconds = 5.0
    spin_timeout_s: Seconds = 30.0
    step_timeout_s: Annotated[float, Meta(gt=0, le=600)] = 5.0
    lock_timeout_s: Seconds = 20.0
    hold_s: Seconds = 15.0
    seed: int | None = None


class BrowserSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[browser]`: flags are added to ours, and may not change how we reach the browser or where its profile lies.
    endpoints: browsers that run already, one each; with them nothing is launched, and nothing of theirs is ended."""

    headless: bool = True
    endpoints: tuple[Endpoint, ...] = ()
    transport: TransportKind = "websocket"
    flags: tuple[Annotated[str, Meta(pattern=r"^--[a-z0-9-]+(=.*)?$")], ...] = ()
    command_timeout_s: Seconds = 10.0
    start_timeout_s: Seconds = 20.0


class SiteSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[site]`: the built-in site (`builtin = true`, with `misbehave` rules), or the origin of yours.

    spin_header, spin_cookie: request header and cookie that carry the spin id; a cookie belongs to the browser context,
    so that it is sent also while the connection to the browser is lost. ledger: path of the site's record of effects by
    spin id.
    """

    builtin: bool = False
    origin: NoOrigin = ""
    misbehave: tuple[str, ...] = ()
    accounts: tuple[Name, ...] = ()
    spin_header: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]+$")] | None = None
    spin_cookie: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    ledger: Annotated[str, Meta(pattern=r"^/")] | None = None
    allowed_origins: tuple[Origin, ...] = ()


class CredentialSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[credentials]]`: an identity and the reference to its secret (`env:NAME`, `file:PATH`, `site:ACCOUNT`)."""

    name: Name
    site: str
    account: str
    secret: str


class PathSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[[paths]]`: one navigation map of the run. `map` is relative to the profile; `recorded_origin` is moved to the
    site's; `bind` replaces recorded literals by `account` or `secret` of the credential in use; `effect` says that a
    spin leaves an entry in the site's ledger."""

    name: Name
    map: str
    weight: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    priority: int = 0
    attempts: Annotated[int, Meta(ge=1, le=20)] = 2
    credentials: tuple[Name, ...] = ()
    recorded_origin: NoOrigin = ""
    bind: dict[str, Literal["account", "secret"]] = {}
    effect: bool = False


class StrategySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[strategies]`: packages and installed entry points to load, and names to leave out. `folders`, relative to the
    profile, are where packages are looked for that Python does not find by itself."""

    packages: tuple[str, ...] = ("strategies",)
    folders: tuple[str, ...] = (".",)
    entry_points: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole profile."""

    title: str
    paths: Annotated[tuple[PathSettings, ...], Meta(min_length=1)]
    run: RunSettings = RunSettings()
    browser: BrowserSettings = BrowserSettings()
    site: SiteSettings = SiteSettings()
    credentials: tuple[CredentialSettings, ...] = ()
    strategies: StrategySettings = StrategySettings()
    reconnect: str | ReconnectPolicy = DEFAULT_RECONNECT
    recycle: RecyclePolicy = RecyclePolicy()
    faults: tuple[PlannedFault, ...] = ()
    criteria: Thresholds = Thresholds()


class LoadedProfile(Struct, frozen=True):
    """A profile with where it came from: `name`, `file`, and its text as it was read; `reconnect` is what it chose."""

    name: str
    file: Path
    text: str
    profile: Profile
    reconnect: NamedReconnect = NamedReconnect(DEFAULT_RECONNECT, ReconnectPolicy())


def find_profile(named: str) -> Path:
    """The file of a profile: a path (with a slash or ending in .toml), else `profiles/NAME.toml` here, else shipped."""
    if "/" in named or named.endswith(".toml"):
        return Path(named)
    candidates = [Path("profiles") / f"{named}.toml", shipped_folder() / f"{named}.toml"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = sorted({path.stem for folder in (Path("profiles"), shipped_folder()) for path in folder.glob("*.toml")})
    near = difflib.get_close_matches(named, known, n=1)
    raise UsageError(
        f"there is no profile {named!r}",
        why=f"known are {', '.join(known) or 'none'}" + (f"; did you mean {near[0]}?" if near else ""),
        todo="name one of them, or the path of a profile's .toml file",
    )


def load_profile(named: str) -> LoadedProfile:
    """Read and validate a profile; UsageError tells file, key and what was expected."""
    file = find_profile(named)
    profile, text = read_struct(file, Profile)
    check_references(file, profile)
    return LoadedProfile(file.stem, file, text, profile, chosen_reconnect(profile.reconnect, file))

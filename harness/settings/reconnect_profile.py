"""Reconnect profiles: `profiles/reconnect/NAME.toml`, chosen by `reconnect = "NAME"` in a run's profile."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import NamedTuple

from harness.basics.errors import UsageError
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.settings.shipped import shipped_folder
from harness.settings.toml_struct import read_struct

DEFAULT_RECONNECT = "per-host"
NOUN = "reconnect profile"


class NamedReconnect(NamedTuple):
    """A policy and what it is called: its file's name, or `inline` for the `[reconnect]` table of a run's profile."""

    name: str
    policy: ReconnectPolicy


def shipped_reconnects() -> dict[str, ReconnectPolicy]:
    """Every policy that ships with the harness, the default first."""
    files = sorted(
        (shipped_folder() / "reconnect").glob("*.toml"), key=lambda file: (file.stem != DEFAULT_RECONNECT, file)
    )
    return {file.stem: read_struct(file, ReconnectPolicy, NOUN)[0] for file in files}


def chosen_reconnect(chosen: str | ReconnectPolicy, profile: Path) -> NamedReconnect:
    """What a run's profile says: a table of its own, a path relative to it, or the name of a policy.

    A name is looked for in `reconnect/` beside the profile, then among those that ship. UsageError where it is not found.
    """
    if isinstance(chosen, ReconnectPolicy):
        return NamedReconnect("inline", chosen)
    if "/" in chosen or chosen.endswith(".toml"):
        file = profile.parent / chosen
        return NamedReconnect(file.stem, read_struct(file, ReconnectPolicy, NOUN)[0])
    folders = [profile.parent / "reconnect", shipped_folder() / "reconnect"]
    for folder in folders:
        file = folder / f"{chosen}.toml"
        if file.is_file():
            return NamedReconnect(chosen, read_struct(file, ReconnectPolicy, NOUN)[0])
    known = sorted({file.stem for folder in folders for file in folder.glob("*.toml")})
    near = difflib.get_close_matches(chosen, known, n=1)
    raise UsageError(
        f"profile {profile}, key reconnect cannot be used",
        why=f"there is no reconnect profile {chosen!r}; known are {', '.join(known) or 'none'}"
        + (f"; did you mean {near[0]}?" if near else ""),
        todo="name one of them, or the path of a .toml file",
        file=str(profile),
        key="reconnect",
    )

"""What one table of a profile says of another must fit: names exist, numbers agree, flags leave alone what is ours."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from harness.basics.errors import UsageError

if TYPE_CHECKING:
    from harness.settings.profile import Profile

OUR_FLAGS = (
    "--remote-allow-origins",
    "--remote-debugging-address",
    "--remote-debugging-pipe",
    "--remote-debugging-port",
    "--user-data-dir",
)
"""How the harness reaches a browser, who else may, and where its profile lies: nobody's choice but the harness's."""


def check_references(file: Path, profile: Profile) -> None:
    """UsageError names the first key that does not fit."""

    def wrong(key: str, why: str, todo: str) -> UsageError:
        return UsageError(f"profile {file}, key {key} cannot be used", why=why, todo=todo, file=str(file), key=key)

    for key, names in (
        ("paths", [path.name for path in profile.paths]),
        ("credentials", [credential.name for credential in profile.credentials]),
    ):
        double = {name for name in names if names.count(name) > 1}
        if double:
            raise wrong(key, f"two are named {', '.join(sorted(double))}", "give each a name of its own")
    credentials = {credential.name for credential in profile.credentials}
    for number, path in enumerate(profile.paths):
        for name in path.credentials:
            if name not in credentials:
                raise wrong(f"paths[{number}].credentials", f"there is no credential {name!r}", "add it, or correct it")
    if profile.site.builtin == bool(profile.site.origin):
        raise wrong("site", "it needs either builtin = true or an origin", "give one of them, not both")
    if profile.site.misbehave and not profile.site.builtin:
        raise wrong("site.misbehave", "only the built-in site misbehaves on demand", "remove it, or set builtin = true")
    if profile.run.browsers > profile.run.workers:
        raise wrong(
            "run.browsers", f"{profile.run.browsers} browsers, {profile.run.workers} workers", "at most one each"
        )
    endpoints = profile.browser.endpoints
    if len(set(endpoints)) < len(endpoints):
        raise wrong("browser.endpoints", "one address is named twice", "name each browser once")
    if endpoints and (profile.browser.transport == "pipe" or profile.browser.flags):
        raise wrong(
            "browser.endpoints",
            "browsers that run already have neither our flags nor our pipe",
            "remove flags and transport, or endpoints",
        )
    if endpoints and profile.run.browsers not in {1, len(endpoints)}:
        raise wrong("run.browsers", f"there are {len(endpoints)} endpoints, one browser each", "leave it out")
    if len(endpoints) > profile.run.workers:
        raise wrong(
            "browser.endpoints", f"{len(endpoints)} browsers, {profile.run.workers} workers", "at most one each"
        )
    if endpoints and profile.recycle.after_s is not None:
        raise wrong("recycle.after_s", "browsers that run elsewhere are not ours to renew", "leave it out")
    for number, fault in enumerate(profile.faults):
        if endpoints and fault.kind == "kill":
            raise wrong(f"faults[{number}].kind", "browsers that run elsewhere are not ours to kill", "use cut")
        if fault.browser > (len(endpoints) or profile.run.browsers) or fault.browser < 1 or fault.at_s < 0:
            raise wrong(f"faults[{number}]", "no such browser, or a negative time", "correct browser and at_s")
    for flag in profile.browser.flags:
        if flag.partition("=")[0] in OUR_FLAGS:
            raise wrong("browser.flags", f"{flag} would take the browser out of the harness's hands", "remove it")
    known = [path.name for path in profile.paths]
    for name in profile.criteria.p95_ms:
        if name not in known:
            raise wrong(f"criteria.p95_ms.{name}", f"there is no path {name!r}{nearest(name, known)}", "correct it")


def nearest(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that says what is not there: the nearest known name, else all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(names) or 'none'}"

"""What a run says of itself before its folder exists: its manifest, and the copies of its inputs, without any secret.

Nothing reaches a run folder but through the run's redactor. It knows the secrets of all credentials, and the recorded
texts that are bound to a secret (someone typed them). A copy in which something had to be cut out says so in the
manifest; where cutting would leave a run that cannot be judged, or a secret, the run is refused.
"""

from __future__ import annotations

import hashlib
import platform
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psutil

from harness import __version__
from harness.basics.errors import UsageError
from harness.basics.secret import Secret, resolve_secret
from harness.pool.items import WorkItem
from harness.pool.modes import Mode
from harness.runfolder.manifest import CopyRecord, Manifest, Plan
from harness.settings.preparation import Prepared, RunOptions, counted_items
from harness.telemetry.redaction import MIN_SECRET_LENGTH, Redactor, UnredactableError

_REFERENCE = re.compile(r"(env|file|site):.")
_CONTINUED = re.compile(r"\\[ \t]*\r?\n\s*")
"""How a TOML text goes on in the next line: what it hides from a search is looked for, too."""
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


class Copy(NamedTuple):
    """A file to be written into the run folder."""

    file: str
    content: bytes


class Declaration(NamedTuple):
    """A manifest without browsers and ending, the copies that it names, and the redactor for all that follows."""

    manifest: Manifest
    copies: list[Copy]
    redactor: Redactor


def declare(prepared: Prepared, run_id: str) -> Declaration:
    """Everything that is written before the first event; UsageError where it cannot be written without a secret."""
    redactor = _redactor(prepared)
    _refuse_secret_names(prepared, redactor)
    try:
        return _declare(prepared, redactor, run_id)
    except UnredactableError as error:
        raise UsageError(
            f"profile {prepared.loaded.file} or one of its maps holds a secret that cannot be cut out of its copy",
            why=str(error),
            todo="take the secret out of the profile and its maps: they need references alone",
        ) from error


def _declare(prepared: Prepared, redactor: Redactor, run_id: str) -> Declaration:
    profile, mode = prepared.loaded.profile, prepared.options.mode
    items = None if mode is Mode.BURN_IN else counted_items(prepared)
    workers, browsers = size(prepared)
    copies, records = _copies(prepared, redactor, run_id)
    manifest = Manifest(
        run_id=run_id,
        harness_version=__version__,
        mode=mode.value,
        profile=redactor.document(prepared.loaded.name),
        started_ns=time.time_ns(),
        python=platform.python_version(),
        machine=_machine(),
        plan=Plan(
            workers=workers,
            browsers=browsers,
            duration_s=duration_s(prepared) if items is None else None,
            items=None if items is None else len(items),
            paths=list(prepared.maps),
            effect_paths=[path.name for path in profile.paths if path.effect and path.name in prepared.maps],
            ledger=bool(profile.site.ledger),
            reconnect=redactor.tree(_reconnect(prepared)),
        ),
        criteria=thresholds_for(prepared, items),
        options=redactor.tree(_given(prepared.options)),
        settings=redactor.tree(_effective(prepared)),
        copies=records,
    )
    return Declaration(manifest, copies, redactor)


def size(prepared: Prepared) -> tuple[int, int]:
    """Workers and browsers of this run."""
    run, mode = prepared.loaded.profile.run, prepared.options.mode
    if mode in {Mode.SEQUENTIAL, Mode.FIRST_SPIN}:
        return 1, 1
    workers = prepared.options.workers or run.workers
    return workers, min(len(prepared.loaded.profile.browser.endpoints) or run.browsers, workers)


def duration_s(prepared: Prepared) -> float:
    """How long a burn-in works."""
    return prepared.options.duration_s or prepared.loaded.profile.run.duration_s


# --- secrets


def _redactor(prepared: Prepared) -> Redactor:
    redactor = Redactor(credential.secret for credential in prepared.credentials.values())
    for secret in (*prepared.accounts.values(), *_unused_secrets(prepared), *_bound_texts(prepared)):
        redactor.add(secret)
    return redactor


def _unused_secrets(prepared: Prepared) -> Iterator[Secret]:
    """Secrets of credentials that this run does not use: the profile that is copied may hold them all the same."""
    loaded = prepared.loaded
    provided = {account: secret.reveal() for account, secret in prepared.accounts.items()}
    for item in loaded.profile.credentials:
        if not _REFERENCE.match(item.secret):
            raise UsageError(
                f"credential {item.name!r} of profile {loaded.file} cannot be used",
                why="the reference to its secret, not shown here, is none",
                todo="in [[credentials]], give `secret` as env:NAME, file:PATH or site:ACCOUNT",
            )
        if item.name in prepared.credentials:
            continue
        try:
            secret = resolve_secret(item.secret, provided=provided, base=loaded.file.parent)
        except UsageError:  # nobody needs it in this run, and what cannot be had here cannot be told either
            continue
        if len(secret.reveal()) >= MIN_SECRET_LENGTH:
            yield Secret(item.name, secret.reveal())


def _bound_texts(prepared: Prepared) -> Iterator[Secret]:
    """What was typed when a path was recorded, in the place of the secret; a path that is not run has its own."""
    loaded = prepared.loaded
    for path in loaded.profile.paths:
        for number, (text, bound_to) in enumerate(path.bind.items(), start=1):
            if bound_to != "secret":
                continue
            if len(text) < MIN_SECRET_LENGTH:
                raise UsageError(
                    f"profile {loaded.file}, path {path.name}: binding number {number} is too short",
                    why=f"it stands for a secret, and under {MIN_SECRET_LENGTH} characters it cannot be kept out of the"
                    " evidence",
                    todo="record the path again with a longer text in its place",
                )
            yield Secret(f"{path.name}, binding {number}", text)


def _refuse_secret_names(prepared: Prepared, redactor: Redactor) -> None:
    """Names of paths and phases are what a run is judged by: they cannot be cut out of it."""
    criteria = prepared.loaded.profile.criteria.p95_ms
    phases = [phase.name for found in prepared.maps.values() for phase in found.map.phases]
    names = [*prepared.maps, *criteria, *phases, *(phase for slo in criteria.values() for phase in slo.phases)]
    if any(redactor.document(name) != name for name in names):
        raise UsageError(
            f"profile {prepared.loaded.file} cannot be run without writing down a secret",
            why="the name of a path or phase, not shown here, holds a secret or what was recorded for one",
            todo="rename that path or phase, or change the secret or the recorded text",
        )


# --- what was asked for


def _machine() -> dict[str, Any]:
    return {
        "system": platform.platform(),
        "cpus": psutil.cpu_count() or 0,
        "memory_bytes": psutil.virtual_memory().total,
    }


def thresholds_for(prepared: Prepared, items: Sequence[WorkItem] | None) -> dict[str, Any]:
    """The criteria of the run: the profile's, without the limits of paths that it was not asked to take.

    items: the work of a run that counts it; such a run asks for no more samples than it has items.
    """
    criteria: dict[str, Any] = msgspec.to_builtins(prepared.loaded.profile.criteria)
    taken = set(prepared.maps) if items is None else {item.path for item in items}
    criteria["p95_ms"] = {path: limits for path, limits in criteria["p95_ms"].items() if path in taken}
    if items is not None:
        criteria["min_spins"] = min(criteria["min_spins"], len(items))
        criteria["min_spins_per_path"] = 1
    return criteria


def _given(options: RunOptions) -> dict[str, Any]:
    """What the command line said, defaults left out."""
    given = {name: value for name, value in options._asdict().items() if value not in (None, ())}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def _effective(prepared: Prepared) -> dict[str, Any]:
    """The profile with the options in it; its criteria stand in the manifest by themselves."""
    profile, options = prepared.loaded.profile, prepared.options
    workers, browsers = size(prepared)
    replace = msgspec.structs.replace
    effective = replace(
        profile,
        run=replace(profile.run, workers=workers, browsers=browsers, duration_s=duration_s(prepared)),
        paths=tuple(path for path in profile.paths if path.name in prepared.maps),
        site=replace(profile.site, misbehave=(*profile.site.misbehave, *options.misbehave)),
        strategies=replace(profile.strategies, exclude=(*profile.strategies.exclude, *options.exclude_strategies)),
        faults=profile.faults if options.mode is Mode.BURN_IN else (),
    )
    settings: dict[str, Any] = msgspec.to_builtins(effective)
    del settings["criteria"]
    settings["reconnect"] = _reconnect(prepared)
    return settings


def _reconnect(prepared: Prepared) -> dict[str, Any]:
    chosen = prepared.loaded.reconnect
    return {"name": chosen.name, **msgspec.to_builtins(chosen.policy)}


# --- copies


def _copies(prepared: Prepared, redactor: Redactor, run_id: str) -> tuple[list[Copy], list[CopyRecord]]:
    loaded = prepared.loaded
    copies: list[Copy] = []
    records: list[CopyRecord] = []
    text = redactor.document(loaded.text)
    if redactor.holds_secret(_CONTINUED.sub("", text)):
        raise UnredactableError("a text that goes on in the next line holds a secret")
    made = [("profile.toml", text.encode(), loaded.text.encode(), text != loaded.text)]
    for name, found in prepared.maps.items():
        value = msgspec.json.decode(msgspec.json.encode(found.map))
        clean = redactor.tree(value)
        content = msgspec.json.format(msgspec.json.encode(clean), indent=2) + b"\n"
        if redactor.holds_secret(content.decode()):
            raise UnredactableError("what stands around a text makes it a secret")
        made.append((f"maps/{name}.json", content, _read_again(found.map.source), clean != value))
    for file, content, original, redacted in made:
        copies.append(Copy(file, content))
        digest = _original_digest(original, redactor, run_id, redacted=redacted)
        sha256 = hashlib.sha256(content).hexdigest()
        records.append(CopyRecord(file=file, sha256=sha256, redacted=redacted, original=digest))
    return copies, records


def _read_again(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise UsageError(
            f"map {source} cannot be read", why=error.strerror or str(error), todo="leave the map where it is"
        ) from error


def _original_digest(original: bytes, redactor: Redactor, run_id: str, *, redacted: bool) -> str:
    """A plain digest of a file that holds a secret would be a way to try out what the secret is; this one is slow."""
    if redacted or redactor.holds_secret(original.decode(errors="replace")):
        return "scrypt:" + hashlib.scrypt(original, salt=run_id.encode(), **_SCRYPT).hex()
    return "sha256:" + hashlib.sha256(original).hexdigest()

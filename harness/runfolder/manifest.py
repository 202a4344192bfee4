"""The manifest of a run: what ran, where, with which browsers and limits; replaced atomically, never edited in place."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from harness.basics.errors import DamagedEvidenceError, StorageError, UsageError
from harness.basics.failures import Cause
from harness.runfolder.event import Stamp
from harness.runfolder.layout import EVIDENCE_SCHEMA, RunPaths

Seconds = Annotated[float, Meta(ge=0, le=10 * 366 * 86_400.0)]
Positive = Annotated[int, Meta(ge=1, le=1_000_000)]


class BrowserRecord(msgspec.Struct, kw_only=True):
    """One browser that ran: identity as told by the browser itself."""

    browser_id: str
    product: str
    path: str
    kind: str
    pid: int
    protocol: str = ""
    sandbox: bool = True


class Ending(msgspec.Struct, kw_only=True):
    """How the run ended. `reason`: completed, interrupted, halted or failed; `ran_s`: seconds of work, set-up excluded;
    `channels`: SHA-256 by channel of all that was written to its segments, one after the other."""

    reason: str
    ran_s: Seconds
    ended_ns: Stamp
    detail: str = ""
    channels: dict[str, str] = {}


class Plan(msgspec.Struct, kw_only=True):
    """What a run set out to do. duration_s: of a burn-in; items: of a mode that counts them; effect_paths: those whose
    spins leave an entry in the site's ledger, where it keeps one; reconnect: the reconnect profile, with its `name`."""

    workers: Positive = 1
    browsers: Positive = 1
    duration_s: Seconds | None = None
    items: Positive | None = None
    paths: list[str] = []
    effect_paths: list[str] = []
    ledger: bool = False
    reconnect: dict[str, Any] = {}


class CopyRecord(msgspec.Struct, kw_only=True):
    """One input of the run that was copied into its folder. sha256: of the copy; redacted: whether secrets were cut out of
    it; original: digest of the file as it was read, `sha256:…`, or `scrypt:…` where that file holds a secret, which a
    plain digest would let one guess."""

    file: str
    sha256: str
    redacted: bool
    original: str


class Manifest(msgspec.Struct, kw_only=True):
    """manifest.json. `criteria` are the thresholds that the verdict is judged by; `plan` what the run set out to do;
    `options` what the command line said, `settings` the profile with these options in it."""

    run_id: str
    schema: int = EVIDENCE_SCHEMA
    harness_version: str
    mode: str
    profile: str
    started_ns: Stamp
    python: str
    machine: dict[str, Any]
    plan: Plan
    criteria: dict[str, Any]
    options: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    copies: list[CopyRecord] = []
    browsers: list[BrowserRecord] = []
    ending: Ending | None = None


def declared_digest(manifest: Manifest) -> str:
    """SHA-256 of all that a manifest says from its beginning on: the browsers come later, and the ending last."""
    said = {name: getattr(manifest, name) for name in manifest.__struct_fields__ if name not in {"browsers", "ending"}}
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def write_atomically(path: Path, content: bytes) -> None:
    """Write aside, fsync, rename over `path`, fsync the folder: a reader sees the old or the new content, whole.

    StorageError where that cannot be done; `path` then holds what it held.
    """
    aside = path.with_name(f".{path.name}.aside")
    try:
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path} could not be written", why=error.strerror or str(error), cause=write_cause(error)
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, new files' among them."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_cause(error: OSError) -> Cause:
    """Whether a write failed for want of room (disk, quota, file size limit) or for another reason."""
    return Cause.DISK_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else Cause.WRITE_FAILED


def write_manifest(paths: RunPaths, manifest: Manifest) -> None:
    """Replace manifest.json. What it holds must have been redacted: nothing is looked at here."""
    write_atomically(paths.manifest, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


class _Versioned(msgspec.Struct):
    """The one thing that has to be known before the rest can be read."""

    schema: int


def read_manifest(root: Path) -> Manifest:
    """Read a run's manifest; UsageError when `root` is no run folder of a version that this harness reads,
    DamagedEvidenceError when its manifest says what none can say.
    """
    paths = RunPaths(root)
    try:
        if paths.manifest.exists() and not paths.manifest.is_file():  # a pipe would never end
            raise DamagedEvidenceError(f"the manifest of {root} cannot be read", why="manifest.json is no regular file")
        raw = paths.manifest.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{root} is not a run folder", why=f"manifest.json: {error.strerror}", todo="name the folder of a run"
        ) from error
    try:
        schema = msgspec.json.decode(raw, type=_Versioned).schema
        manifest = msgspec.json.decode(raw, type=Manifest) if schema == EVIDENCE_SCHEMA else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedEvidenceError(f"the manifest of {root} cannot be read", why=f"manifest.json: {error}") from error
    if manifest is None:
        raise UsageError(
            f"{root} has evidence schema {schema}",
            why=f"this harness reads schema {EVIDENCE_SCHEMA}",
            todo="evaluate it with the harness version named in its manifest",
        )
    return manifest

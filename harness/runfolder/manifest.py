"""The manifest of a run: what ran, where, with which browsers and limits; replaced atomically, never edited in place."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import msgspec

from harness.basics.errors import StorageError, UsageError
from harness.basics.failures import Cause
from harness.runfolder.layout import EVIDENCE_SCHEMA, RunPaths


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
    """How the run ended. `reason`: completed, interrupted, halted or failed; `ran_s`: seconds of work, set-up excluded."""

    reason: str
    ran_s: float
    ended_ns: int
    detail: str = ""


class Manifest(msgspec.Struct, kw_only=True):
    """manifest.json. `criteria` are the thresholds that the verdict is judged by; `plan` what the run set out to do."""

    run_id: str
    schema: int = EVIDENCE_SCHEMA
    harness_version: str
    mode: str
    profile: str
    started_ns: int
    python: str
    machine: dict[str, Any]
    plan: dict[str, Any]
    criteria: dict[str, Any]
    browsers: list[BrowserRecord] = []
    ending: Ending | None = None


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
    """Replace manifest.json."""
    write_atomically(paths.manifest, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")


def read_manifest(root: Path) -> Manifest:
    """Read a run's manifest; UsageError when `root` is no run folder of a version that this harness reads."""
    paths = RunPaths(root)
    try:
        raw = paths.manifest.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{root} is not a run folder", why=f"manifest.json: {error.strerror}", todo="name the folder of a run"
        ) from error
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"the manifest of {root} cannot be read", why=str(error), todo="name another run") from error
    if manifest.schema != EVIDENCE_SCHEMA:
        raise UsageError(
            f"{root} has evidence schema {manifest.schema}",
            why=f"this harness reads schema {EVIDENCE_SCHEMA}",
            todo="evaluate it with the harness version named in its manifest",
        )
    return manifest

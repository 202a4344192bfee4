"""The files that a run copied into its folder (profile, maps), held against the digests in its manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from harness.runfolder.layout import RunPaths
from harness.runfolder.manifest import Manifest

MAX_BYTES = 64 * 2**20
"""More than any copy holds: a file that grew beyond it is not read to its end."""


def compare_copies(paths: RunPaths, manifest: Manifest) -> Iterator[str]:
    """A line for each copy that is gone, cannot be read, or is another than the run made."""
    for copy in manifest.copies:
        name = PurePosixPath(copy.file)
        if name.is_absolute() or ".." in name.parts:
            yield f"manifest.json: copies names {copy.file!r}, which is outside of the folder"
            continue
        path = paths.root / name
        try:
            if not path.is_file():
                yield f"{copy.file}: it is not there, and manifest.json names it"
                continue
            with path.open("rb") as file:
                content = file.read(MAX_BYTES)
        except OSError as error:
            yield f"{copy.file}: it cannot be read: {error.strerror or error}"
            continue
        if hashlib.sha256(content).hexdigest() != copy.sha256:
            yield f"{copy.file}: it is not what its digest in manifest.json says"

"""The protocol's own description: the JSON files of the npm package `devtools-protocol`, pinned by version and digest.

They are kept here byte for byte (packed with gzip), so that generating and checking need no network.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

import msgspec

FOLDER = "scripts/protocol"
PACKAGE = "devtools-protocol"
FILES = ("browser_protocol.json", "js_protocol.json")
LICENSE = "LICENSE"
_VERSION = re.compile(r"\d+(\.\d+)*")


class Pin(msgspec.Struct, frozen=True):
    """scripts/protocol/pin.json: the version of the package, and the SHA-256 of each of its files by name."""

    version: str
    sha256: dict[str, str]


def read_pin(root: Path) -> Pin:
    """The pin as it is committed."""
    return msgspec.json.decode((root / FOLDER / "pin.json").read_bytes(), type=Pin)


def read_description(root: Path) -> list[bytes]:
    """The kept JSON files, unpacked; ValueError when one of them, or the licence, is not what the pin says."""
    pin = read_pin(root)
    files = {name: gzip.decompress((root / FOLDER / f"{name}.gz").read_bytes()) for name in FILES}
    _compare(pin, files | {LICENSE: (root / FOLDER / LICENSE).read_bytes()})
    return list(files.values())


def keep(root: Path, version: str | None = None) -> Pin:
    """Fetch the pinned version and keep it, once its digests are compared; or move the pin to `version`."""
    pin = read_pin(root) if version is None else Pin(version, {})
    files = fetch(pin.version)
    if version is None:
        _compare(pin, files)
    else:
        pin = Pin(version, {name: _digest(data) for name, data in files.items()})
    for name, data in files.items():
        if name == LICENSE:
            (root / FOLDER / name).write_bytes(data)
        else:
            (root / FOLDER / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    text = json.dumps(msgspec.to_builtins(pin), indent=2)
    (root / FOLDER / "pin.json").write_text(f"{text}\n", encoding="utf-8")
    return pin


def fetch(version: str) -> dict[str, bytes]:
    """The files of one version of the package, from the index that npm is set to. ValueError, or npm's own failure."""
    if not _VERSION.fullmatch(version):
        raise ValueError(f"{version!r} is no version: name an exact one, such as 0.0.1734725")
    with tempfile.TemporaryDirectory(prefix="protocol-") as folder:
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{version}", "--pack-destination", folder]
        subprocess.run(command, check=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).glob("*.tgz")
        return unpack(packed.read_bytes())


def unpack(package: bytes) -> dict[str, bytes]:
    """The files that are kept, by name; nothing is written, whatever paths the package holds."""
    wanted = {f"package/{LICENSE}": LICENSE} | {f"package/json/{name}": name for name in FILES}
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        for path, name in wanted.items():
            member = archive.extractfile(path)
            if member is None:
                raise ValueError(f"the package holds no {path}")
            files[name] = member.read()
    return files


def _compare(pin: Pin, files: dict[str, bytes]) -> None:
    for name, wanted in pin.sha256.items():
        if (found := _digest(files[name])) != wanted:
            raise ValueError(f"{name} of {PACKAGE} {pin.version} has the SHA-256 {found}, not the pinned {wanted}")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

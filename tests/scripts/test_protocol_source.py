"""What is kept of the protocol's description, and how it gets here; a stand-in plays npm."""

from __future__ import annotations

import gzip
import hashlib
import io
import shutil
import tarfile
from pathlib import Path

import pytest

from scripts.checks.findings import ROOT
from scripts.protocol.source import FILES, FOLDER, LICENSE, fetch, keep, read_description, read_pin, unpack

PACKAGE = {
    "package/LICENSE": b"terms",
    **{f"package/json/{name}": f'{{"domains":[],"of":"{name}"}}'.encode() for name in FILES},
}


def packed(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for path, data in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    return tmp_path


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packs `package.tgz`, and notes what it was asked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "package.tgz").write_bytes(packed(PACKAGE))
    script = f'#!/bin/sh\necho "$@" > {folder}/asked\nfor to; do :; done\ncp {folder}/package.tgz "$to/"\n'
    (folder / "npm").write_text(script)
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


def test_the_kept_description_is_the_pinned_one() -> None:
    assert set(read_pin(ROOT).sha256) == {*FILES, LICENSE}
    browser, js = read_description(ROOT)
    assert hashlib.sha256(browser).hexdigest() == read_pin(ROOT).sha256[FILES[0]]
    assert b'"Runtime"' in js


@pytest.mark.parametrize("name", [*FILES, LICENSE])
def test_a_kept_file_that_was_changed_is_refused(checkout: Path, name: str) -> None:
    path = checkout / FOLDER / (name if name == LICENSE else f"{name}.gz")
    path.write_bytes(b"other" if name == LICENSE else gzip.compress(b'{"domains":[]}'))
    with pytest.raises(ValueError, match=f"{name} of devtools-protocol .* not the pinned"):
        read_description(checkout)


def test_a_package_gives_the_kept_files_whatever_else_it_holds() -> None:
    files = unpack(packed({**PACKAGE, "../../evil": b"x", "package/json/more.json": b"{}"}))
    assert sorted(files) == sorted([*FILES, LICENSE])
    with pytest.raises(KeyError):
        unpack(packed({"package/LICENSE": b"terms"}))


def test_the_pin_moves_with_the_files_and_their_digests(checkout: Path, npm: Path) -> None:
    pin = keep(checkout, "0.0.2")
    assert (npm / "asked").read_text().startswith("pack --silent devtools-protocol@0.0.2 ")
    assert read_pin(checkout) == pin
    assert read_description(checkout) == [PACKAGE[f"package/json/{name}"] for name in FILES]
    again = {path.name: path.read_bytes() for path in (checkout / FOLDER).glob("*.gz")}
    keep(checkout, "0.0.2")
    assert {path.name: path.read_bytes() for path in (checkout / FOLDER).glob("*.gz")} == again


def test_a_fetched_version_with_other_digests_changes_nothing(checkout: Path, npm: Path) -> None:
    before = {path.name: path.read_bytes() for path in (checkout / FOLDER).iterdir() if path.is_file()}
    with pytest.raises(ValueError, match="not the pinned"):
        keep(checkout)
    assert {path.name: path.read_bytes() for path in (checkout / FOLDER).iterdir() if path.is_file()} == before


@pytest.mark.parametrize("version", ["latest", "", "1.0 --registry x", "file:/etc"])
def test_only_an_exact_version_is_fetched(version: str, npm: Path) -> None:
    with pytest.raises(ValueError, match="is no version"):
        fetch(version)
    assert not (npm / "asked").exists()

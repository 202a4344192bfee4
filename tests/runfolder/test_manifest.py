import errno
import os
from pathlib import Path
from typing import Any

import pytest

from harness.basics.errors import DamagedEvidenceError, StorageError, UsageError
from harness.basics.failures import Cause
from harness.runfolder.layout import EVIDENCE_SCHEMA, RunPaths
from harness.runfolder.manifest import (
    BrowserRecord,
    Ending,
    Manifest,
    Plan,
    declared_digest,
    read_manifest,
    write_atomically,
    write_manifest,
)


def _manifest(**changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "run_id": "run-1", "harness_version": "1.2.3", "mode": "burn-in", "profile": "demo", "started_ns": 5,
        "python": "3.11", "machine": {"cpus": 2}, "plan": Plan(workers=4), "criteria": {"min_spins": 1},
    }  # fmt: skip
    return Manifest(**{**values, **changes})


def test_a_manifest_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    browser = BrowserRecord(browser_id="b1", product="Chrome/1", path="/x", kind="headless shell", pid=1, sandbox=False)
    ending = Ending(reason="completed", ran_s=60.5, ended_ns=9)
    manifest = _manifest(browsers=[browser], ending=ending)
    write_manifest(RunPaths(tmp_path), manifest)
    assert read_manifest(tmp_path) == manifest
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_a_run_without_an_ending_is_readable(tmp_path: Path) -> None:
    write_manifest(RunPaths(tmp_path), _manifest())
    assert read_manifest(tmp_path).ending is None


def test_a_folder_without_a_manifest_is_no_run_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a run folder"):
        read_manifest(tmp_path)
    with pytest.raises(UsageError, match="is not a run folder"):
        read_manifest(tmp_path / "gone")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"{}", b'{"run_id":"\xff"}', b"[" * 100_000], ids=["empty", "torn", "list", "bare",
    "not UTF-8", "deep"],
)  # fmt: skip
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("was", "now", "key"),
    [
        ('"workers": 4', '"workers": "many"', "plan.workers"),
        ('"workers": 4', '"workers": null', "plan.workers"),
        ('"workers": 4', '"workers": 0', "plan.workers"),
        ('"ran_s": 60.5', '"ran_s": 1e308', "ending.ran_s"),
        ('"started_ns": 5', '"started_ns": -5', "started_ns"),
    ],
)
def test_a_manifest_that_says_what_none_can_say_is_damaged_evidence_and_names_the_key(
    tmp_path: Path, was: str, now: str, key: str
) -> None:
    paths = RunPaths(tmp_path)
    write_manifest(paths, _manifest(ending=Ending(reason="completed", ran_s=60.5, ended_ns=9)))
    text = paths.manifest.read_text()
    assert was in text
    paths.manifest.write_text(text.replace(was, now))
    with pytest.raises(DamagedEvidenceError) as told:
        read_manifest(tmp_path)
    assert told.value.exit_code == 5
    assert f"$.{key}" in told.value.why


def test_a_pipe_for_a_manifest_is_told_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "manifest.json")
    with pytest.raises(DamagedEvidenceError, match="no regular file"):
        read_manifest(tmp_path)


def test_the_digest_of_what_is_declared_holds_through_the_file_and_leaves_out_what_comes_later(tmp_path: Path) -> None:
    manifest = _manifest(criteria={"b": 1.0, "a": {"y": 60.0, "x": None}}, options={"paths": ("shop",)})
    declared = declared_digest(manifest)
    manifest.ending = Ending(reason="completed", ran_s=1.0, ended_ns=9)
    write_manifest(RunPaths(tmp_path), manifest)
    assert declared_digest(read_manifest(tmp_path)) == declared
    assert declared_digest(_manifest(criteria={"b": 2.0})) != declared


def test_another_version_of_the_evidence_is_refused_by_number(tmp_path: Path) -> None:
    write_manifest(RunPaths(tmp_path), _manifest(schema=EVIDENCE_SCHEMA + 1))
    with pytest.raises(UsageError, match=f"schema {EVIDENCE_SCHEMA + 1}"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (errno.ENOSPC, Cause.DISK_FULL),
        (errno.EDQUOT, Cause.DISK_FULL),
        (errno.EFBIG, Cause.DISK_FULL),
        (errno.EIO, Cause.WRITE_FAILED),
    ],
)
def test_a_write_that_fails_leaves_the_old_content_and_no_file_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, cause: Cause
) -> None:
    path = tmp_path / "report.json"
    write_atomically(path, b"old")

    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(StorageError) as caught:
            write_atomically(path, b"new")
    assert caught.value.cause is cause
    assert caught.value.why == os.strerror(number)
    assert isinstance(caught.value.__cause__, OSError)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_is_told_as_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="could not be written"):
        write_atomically(tmp_path / "gone" / "report.json", b"new")


def test_the_content_is_durable_before_it_gets_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    path = tmp_path / "report.json"
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, path.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    write_atomically(path, b"new")
    assert synced == [(".report.json.aside", False), (tmp_path.name, True)]

from hashlib import sha256
from pathlib import Path

import pytest

from harness.evidence.copies import compare_copies
from harness.runfolder.layout import RunPaths
from harness.runfolder.manifest import CopyRecord, Manifest, Plan


def manifest(*files: str) -> Manifest:
    copies = [CopyRecord(file=file, sha256=sha256(b"text").hexdigest(), redacted=False, original="") for file in files]
    return Manifest(
        run_id="r", harness_version="0", mode="burn-in", profile="p", started_ns=1, python="3.11", machine={}, plan=Plan(),
        criteria={}, copies=copies,
    )  # fmt: skip


def test_a_copy_that_is_what_the_run_made_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_bytes(b"text")
    assert list(compare_copies(RunPaths(tmp_path), manifest("profile.toml"))) == []


def test_a_copy_that_is_gone_another_or_a_folder_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_bytes(b"texd")
    (tmp_path / "folder.json").mkdir()
    told = list(compare_copies(RunPaths(tmp_path), manifest("gone.json", "other.json", "folder.json")))
    assert [line.partition(":")[0] for line in told] == ["gone.json", "other.json", "folder.json"]


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret", "maps/../../secret"])
def test_no_file_outside_of_the_folder_is_read(tmp_path: Path, name: str) -> None:
    (told,) = compare_copies(RunPaths(tmp_path), manifest(name))
    assert "outside of the folder" in told


def test_a_copy_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "profile.toml").write_bytes(b"text")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert list(compare_copies(RunPaths(tmp_path), manifest("profile.toml"))) == [
        "profile.toml: it cannot be read: Permission denied"
    ]

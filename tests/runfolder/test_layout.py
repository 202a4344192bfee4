from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.runfolder.layout import LAYOUT, Channel, RunPaths

ROOT = Path("/nowhere/run-1")
NAMES = st.one_of(st.sampled_from(["..", ".", "", "/", "a/..", "../..", "artifacts", "\0"]), st.text(max_size=8))


@given(NAMES, NAMES)
def test_an_artefact_lies_in_its_spins_folder_or_is_refused(spin_id: str, name: str) -> None:
    paths = RunPaths(ROOT)
    try:
        path = paths.artifact(spin_id, name)
    except ValueError:
        return
    assert path.parts == (*ROOT.parts, "artifacts", spin_id, name)
    assert ".." not in path.parts


@pytest.mark.parametrize(
    ("spin_id", "name"),
    [
        ("..", "manifest.json"),
        ("..", "artifacts"),
        ("spin-1", ".."),
        ("spin-1", "../spin-2"),
        ("spin-1", "../../manifest.json"),
        ("spin-1", "/etc/passwd"),
        ("spin-1", "/nowhere/run-1/artifacts/spin-2/a.png"),
        ("/etc", "passwd"),
        ("a/b", "c"),
        ("spin-1", "a/b"),
        ("spin-1", "a/"),
        ("spin-1", "."),
        (".", "a.png"),
        ("spin-1", ""),
        ("", "a.png"),
        ("spin-1", "a\0.png"),
    ],
)
def test_a_name_that_would_leave_its_place_is_refused(spin_id: str, name: str) -> None:
    with pytest.raises(ValueError, match="would leave"):
        RunPaths(ROOT).artifact(spin_id, name)


def test_a_link_that_leads_out_of_the_run_folder_is_refused(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path / "run")
    paths.artifacts.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (paths.artifacts / "spin-1").symlink_to(tmp_path / "elsewhere")
    (paths.artifacts / "spin-2").mkdir()
    (paths.artifacts / "spin-2" / "a.png").symlink_to(tmp_path / "elsewhere" / "a.png")
    for spin_id in ("spin-1", "spin-2"):
        with pytest.raises(ValueError, match="would leave"):
            paths.artifact(spin_id, "a.png")
    assert paths.artifact("spin-3", "a.png") == paths.artifacts / "spin-3" / "a.png"


def test_a_run_folder_below_a_link_is_fine(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    path = RunPaths(tmp_path / "runs" / "run-1").artifact("spin-1", "a.png")
    assert path == tmp_path / "runs/run-1/artifacts/spin-1/a.png"


def test_every_channel_has_its_stable_collection_id() -> None:
    assert {channel.value: channel.collection for channel in Channel} == {
        "operational": "L0G_0P3R4T10NAL",
        "performance": "L0G_P3RF0RM4NC3",
        "domain": "L0G_D0M41N",
        "audit": "L0G_4UD1T",
    }


def test_segments_are_listed_in_the_order_they_were_written(tmp_path: Path) -> None:
    paths = RunPaths(tmp_path)
    assert paths.segments(Channel.AUDIT) == []
    paths.channel(Channel.AUDIT).mkdir(parents=True)
    for number in (10, 2, 1, 100):
        paths.segment(Channel.AUDIT, number).touch()
    assert [path.name for path in paths.segments(Channel.AUDIT)] == [
        f"segment-{number:06d}.jsonl" for number in (1, 2, 10, 100)
    ]


def test_every_single_place_is_documented() -> None:
    paths = RunPaths(ROOT)
    places = {entry.path for entry in LAYOUT}
    for path in (
        paths.manifest,
        paths.profile,
        paths.reserve,
        paths.report_json,
        paths.report_html,
        paths.junit,
    ):
        assert path.name in places

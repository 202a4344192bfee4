"""Recordings by others, as they were found: each loads and tells its repairs, or is refused with the reason."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from harness.navigation.drift import MapError
from harness.navigation.readers import read_map

FOLDER = Path(__file__).parents[4] / "shared" / "recordings"
FILES = sorted(FOLDER.glob("*.json"))
REFUSED = {"016-testcafe-json-without-test.json": "it has no steps"}
ANOMALIES = {
    "missing title": "missing_title",
    "unknown root field": "unknown_root_field",
    "unknown step field": "unknown_step_field",
    "unknown step type": "unknown_step_type",
    "single selector only": "single_selector",
    "selectors: flat list": "flat_selectors",
    "does not start with setViewport": "no_leading_viewport",
    "navigate without assertedEvents": "navigate_without_assertion",
    "target omitted on action": "missing_target",
    "assertedEvent with empty title": "empty_asserted_title",
    "missing offsets": "missing_offsets",
    "no navigate step": "no_navigate",
    "setViewport partial": "partial_viewport",
    "string for boolean": "string_for_boolean",
    "unbalanced keyDown/keyUp": "unbalanced_keys",
    "non-standard prefix": "css_prefix",
    "volatile id/class": "volatile_selector",
    "root is a bare step array": "bare_steps",
    "(comments)": "comments",
    "(trailing commas)": "trailing_commas",
}

pytestmark = pytest.mark.skipif(not FILES, reason="the folder of recordings is not beside this checkout")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:3])
def test_each_recording_loads_or_is_refused_with_the_reason(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(MapError, match=REFUSED[path.name]):
            read_map(path)
        return
    result = read_map(path)
    assert list(result.map.steps())
    assert all(line.code and line.file == str(path) and line.found and line.done for line in result.drift)


def test_every_anomaly_that_the_manifest_lists_is_told_by_its_code() -> None:
    missed = []
    with (FOLDER / "MANIFEST.csv").open() as manifest:
        for row in csv.DictReader(manifest):
            if row["file"] in REFUSED:
                continue
            told = {line.code for line in read_map(FOLDER / row["file"]).drift}
            expected = {code for anomaly, code in ANOMALIES.items() if anomaly in row["anomalies"]}
            missed += [(row["file"], code) for code in sorted(expected - told)]
    assert missed == []


def test_the_number_of_steps_is_the_manifests() -> None:
    with (FOLDER / "MANIFEST.csv").open() as manifest:
        rows = [row for row in csv.DictReader(manifest) if row["file"] not in REFUSED]
    assert {row["file"]: int(row["steps"]) for row in rows} == {
        row["file"]: len(list(read_map(FOLDER / row["file"]).map.steps())) for row in rows
    }

import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import pytest

from harness.basics.transitions import TransitionTable
from harness.runfolder.layout import Channel
from harness.telemetry.catalogue import CATALOGUE
from scripts.checks.drawn_docs import PAGES, check, draw, draw_diagram, draw_events, draw_states


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


LIGHTS = TransitionTable(
    "light", Light, {Light.RED: (Light.GREEN,), Light.GREEN: (Light.RED, Light.OFF), Light.OFF: ()}
)


def test_each_event_stands_once_under_its_own_channel() -> None:
    _, *parts = draw_events().split("\n## ")
    assert [part.partition(":")[0] for part in parts] == [channel.value for channel in Channel]
    for part, channel in zip(parts, Channel, strict=True):
        drawn = [line.split("`")[1] for line in part.splitlines() if line.startswith("| `")]
        assert drawn == [name for name, event in CATALOGUE.items() if event.channel is channel]
        assert channel.collection in part


def test_a_row_shows_each_field_with_its_kind() -> None:
    assert (
        "| `secret.used` | a secret was put on a page, by reference | `reference` id, `action` name |" in draw_events()
    )


def test_a_diagram_shows_every_move_the_start_and_the_end() -> None:
    assert draw_diagram(LIGHTS, Light.RED).splitlines() == [
        "stateDiagram-v2",
        "    direction LR",
        "    [*] --> red",
        "    red --> green",
        "    green --> red",
        "    green --> off",
        "    off --> [*]",
    ]


def test_all_five_machines_are_drawn() -> None:
    assert draw_states().count("```mermaid\nstateDiagram-v2\n") == 5


def test_a_missing_page_is_told_and_drawing_it_mends_that(tmp_path: Path) -> None:
    assert [finding.path for finding in check(tmp_path)] == list(PAGES)
    assert draw(tmp_path) == list(PAGES)
    assert list(check(tmp_path)) == []
    assert draw(tmp_path) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_says_something_else_is_told_with_its_line(tmp_path: Path, path: str) -> None:
    draw(tmp_path)
    lines = (tmp_path / path).read_text().splitlines()
    (tmp_path / path).write_text("\n".join([*lines[:6], "edited by hand", *lines[6:]]))
    assert [(finding.path, finding.line) for finding in check(tmp_path)] == [(path, 7)]
    (tmp_path / path).write_text("\n".join(lines[:-1]) + "\n")
    assert [(finding.path, finding.line) for finding in check(tmp_path)] == [(path, len(lines))]


def test_the_check_fails_on_a_checkout_whose_pages_are_old(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.checks.drawn_docs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "docs/events.md: does not exist; draw it: scripts/draw_events" in done.stdout

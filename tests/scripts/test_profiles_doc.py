from pathlib import Path

import pytest

from scripts.checks import profiles_doc
from scripts.checks.findings import ROOT
from scripts.checks.profiles_doc import BEGIN, DOCUMENT, END, check, draw, replaced


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / DOCUMENT).write_text(f"# Profiles\n{BEGIN}{END}\nby hand\n")
    return tmp_path


def findings(checkout: Path) -> list[str]:
    return [finding.text for finding in check(checkout)]


def test_the_document_of_this_checkout_is_current() -> None:
    assert findings(ROOT) == []


def test_a_key_is_drawn_with_type_range_default_and_meaning() -> None:
    drawn = draw()
    assert "| `workers` | whole number, ≥ 1, ≤ 10 000 | `4` | tasks that work at once" in drawn
    assert "| `map` | text | (required) | the map's file" in drawn
    assert '| `jitter` | `none` or `full` or `equal` or `decorrelated` | `"full"` |' in drawn
    assert "| `bind` | table of text to `account` or `secret` | – |" in drawn
    assert '| `packages` | list of text | `["strategies"]` |' in drawn


def test_tables_that_are_not_drawn_are_found_and_drawing_keeps_what_is_written_by_hand(checkout: Path) -> None:
    assert findings(checkout) == ["its tables are not those of the code; run scripts/draw_profiles"]
    document = checkout / DOCUMENT
    document.write_text(replaced(document.read_text()))
    assert findings(checkout) == []
    assert document.read_text().startswith("# Profiles\n")
    assert document.read_text().endswith("by hand\n")


def test_a_document_without_a_place_for_tables_is_found(checkout: Path) -> None:
    (checkout / DOCUMENT).write_text("# Profiles\n")
    assert "needs one" in findings(checkout)[0]
    (checkout / DOCUMENT).unlink()
    assert findings(checkout) == ["does not exist"]


def test_a_key_that_nobody_described_is_found(monkeypatch: pytest.MonkeyPatch, checkout: Path) -> None:
    monkeypatch.delitem(profiles_doc.MEANINGS, "run.workers")
    monkeypatch.setitem(profiles_doc.MEANINGS, "run.gone", "a key of the past")
    assert "['run.gone', 'run.workers']" in findings(checkout)[0]

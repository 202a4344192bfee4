from pathlib import Path

import pytest

from scripts.checks.entry_module import ENTRY, check


@pytest.mark.parametrize(("lines", "found"), [(99, 0), (100, 1)])
def test_the_entry_module_stays_under_a_hundred_lines(tmp_path: Path, lines: int, found: int) -> None:
    (tmp_path / ENTRY).parent.mkdir(parents=True)
    (tmp_path / ENTRY).write_text("x = 1\n" * lines)
    assert len(list(check(tmp_path))) == found


def test_a_missing_entry_module_is_told(tmp_path: Path) -> None:
    assert [finding.path for finding in check(tmp_path)] == [ENTRY]

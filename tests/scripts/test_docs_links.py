from pathlib import Path

import pytest

from scripts.checks.docs_links import check


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/report.png").touch()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/test").touch()
    return tmp_path


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/gone.md)",
        "![a](gone.png 'title')",
        '<img src="docs/gone.png">',
        "[a]: gone.md",
        "run `scripts/gone --fast`",
        "```\nscripts/gone\n```",
    ],
)
def test_a_target_that_is_missing_is_found_with_its_line(checkout: Path, text: str) -> None:
    (checkout / "README.md").write_text(f"# Title\n\n{text}\n")
    (finding,) = check(checkout)
    assert finding.path == "README.md"
    assert finding.line in {3, 4}


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/report.png#top) and [b](#here) and [c](https://example.org/x)",
        "run `scripts/test tests/<name>`, then `scripts/test`.",
        "`[a](gone.md)` is how a link is written",
        "look at harness/gone.py in prose",
    ],
)
def test_what_exists_or_is_no_path_is_fine(checkout: Path, text: str) -> None:
    (checkout / "README.md").write_text(text)
    assert list(check(checkout)) == []


def test_a_link_in_docs_is_relative_to_docs(checkout: Path) -> None:
    (checkout / "docs/a.md").write_text("![a](report.png) [b](../README.md)")
    assert [finding.text for finding in check(checkout)] == ["../README.md does not exist"]

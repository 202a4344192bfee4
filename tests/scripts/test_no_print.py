from pathlib import Path

from scripts.checks.no_print import check


def test_a_print_is_found_in_library_code_and_allowed_in_the_cli(tmp_path: Path) -> None:
    for name in ("harness/cdp/session.py", "harness/cli/main.py", "strategies/click.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("def f():\n    print('x')\n")
    assert [(finding.path, finding.line) for finding in check(tmp_path)] == [
        ("harness/cdp/session.py", 2),
        ("strategies/click.py", 2),
    ]


def test_a_method_called_print_is_no_print(tmp_path: Path) -> None:
    (tmp_path / "harness").mkdir()
    (tmp_path / "harness/x.py").write_text("page.print()\n")
    assert list(check(tmp_path)) == []

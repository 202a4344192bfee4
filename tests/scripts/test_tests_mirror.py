import ast
from pathlib import Path

import pytest

from scripts.checks.tests_mirror import ELSEWHERE, check, lines_of_code, needs_test
from scripts.checks.tests_mirror import test_of as place_of_test

LONG = "def f():\n    return 1\n" + "x = 1\n" * 40


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.mark.parametrize(
    ("module", "test"),
    [
        ("harness/cdp/session.py", "tests/cdp/test_session.py"),
        ("harness/readiness/criteria/error_rate.py", "tests/readiness/criteria/test_error_rate.py"),
        ("harness/app.py", "tests/test_app.py"),
        ("strategies/click.py", "tests/strategies/test_click.py"),
    ],
)
def test_the_test_of_a_module_has_one_place(module: str, test: str) -> None:
    assert place_of_test(module) == test


def test_a_long_module_without_a_test_is_found_until_it_has_one(tmp_path: Path) -> None:
    write(tmp_path, "harness/cdp/session.py", LONG)
    assert [finding.path for finding in check(tmp_path)] == ["harness/cdp/session.py"]
    write(tmp_path, "tests/cdp/test_session.py", "")
    assert list(check(tmp_path)) == []


def test_a_module_that_is_covered_elsewhere_says_by_what_and_why(tmp_path: Path) -> None:
    write(tmp_path, "harness/cdp/launch.py", LONG)
    write(tmp_path, "tests/browser/test_launch.py", "")
    row = '["harness/cdp/launch.py"]\nby = "tests/browser/test_launch.py"\n'
    write(tmp_path, ELSEWHERE, row)
    assert len(list(check(tmp_path))) == 1
    write(tmp_path, ELSEWHERE, row + 'why = "only a real process shows it"\n')
    assert list(check(tmp_path)) == []


def test_a_row_may_name_all_modules_of_a_folder_and_none_below_it(tmp_path: Path) -> None:
    for module in ("harness/cdp/domains/page.py", "harness/cdp/domains/dom.py", "harness/cdp/domains/more/a.py"):
        write(tmp_path, module, LONG)
    write(tmp_path, "tests/cdp/test_domains.py", "")
    write(tmp_path, ELSEWHERE, '["harness/cdp/domains/*.py"]\nby = "tests/cdp/test_domains.py"\nwhy = "generated"\n')
    assert [finding.path for finding in check(tmp_path)] == ["harness/cdp/domains/more/a.py"]


def test_a_row_that_no_longer_holds_is_found(tmp_path: Path) -> None:
    write(tmp_path, "tests/a.py", "")
    for gone in ("harness/gone.py", "harness/gone/*.py"):
        write(tmp_path, ELSEWHERE, f'["{gone}"]\nby = "tests/a.py"\nwhy = "x"\n')
        assert [finding.path for finding in check(tmp_path)] == [ELSEWHERE]


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n" * 40,  # a table
        "def f():\n    return 1\n",  # short
        "class Port(Protocol):\n" + "    async def f(self) -> int:\n        '''What.'''\n        ...\n" * 40,
    ],
)
def test_short_modules_and_those_that_only_declare_need_no_test(source: str) -> None:
    assert not needs_test("harness/x.py", ast.parse(source))


def test_blank_lines_comments_and_docstrings_are_no_code() -> None:
    source = (
        '"""One\ntwo."""\n\n# three\n\ndef f(a,\n      b):\n    """Four."""\n    return (a,\n            """x\ny""")\n'
    )
    assert lines_of_code(ast.parse(source)) == 5

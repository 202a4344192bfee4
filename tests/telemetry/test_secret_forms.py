import re

import pytest

from harness.telemetry.secret_forms import secret_forms


def _matches(value: str, text: str) -> bool:
    found = [form for form in secret_forms(value) if re.search(form.pattern, text)]
    assert all(form.needle in text for form in found)
    return bool(found)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b/c", "a b/c"),
        ("a b/c", "a%20b%2Fc"),
        ("a b/c", "a+b%2fc"),
        ("a b/c", "a%2520b%252Fc"),
        ("a b/c", r"a b\/c"),
        ('say "x"', r"say \"x\""),
        ('say "x"', r"say \\\"x\\\""),
        ("C:\\dir", r"C:\\\\dir"),
        ("C:\\dir", "C:%5Cdir"),
        ("two\nlines", r"two\nlines"),
        ("two\nlines", r"two\\nlines"),
        ("two\nlines", r"two\u000alines"),
        ("café", r"caf\u00E9"),
        ("café", r"caf\xe9"),
        ("café", "caf%C3%A9"),
        ("x😀yz", r"x\ud83d\ude00yz"),
        ("x😀yz", r"x\U0001f600yz"),
        ("x😀yz", "x%f0%9f%98%80yz"),
        ("pass", "cGFzcw=="),
        ("a?>b", "YT8-Yg"),
        ("a?>b", "YT8%2BYg"),
    ],
)
def test_a_form_of_a_secret_is_matched(value: str, text: str) -> None:
    assert _matches(value, f"before {text} after")


@pytest.mark.parametrize(
    ("value", "text"),
    [("a b/c", "a b c"), ("pass", "PASS"), ("\\\\\\\\", "\\\\\\"), ("two\nlines", "twonlines"), ("café", "cafu00e9")],
)
def test_what_is_no_form_of_it_is_not(value: str, text: str) -> None:
    assert not _matches(value, text)


def test_patterns_have_no_groups_so_that_the_caller_can_count_its_own() -> None:
    assert all(re.compile(form.pattern).groups == 0 for form in secret_forms('\\(a)"b 😀+/'))


def test_half_a_character_is_no_secret() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        secret_forms("pass\ud83d")

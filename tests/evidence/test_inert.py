import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.evidence.inert import inert


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, café, 日本", "plain text, café, 日本"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title", ""),
        ("a\nb\tc\r", "a b c "),
        ("user\u202egnp.exe\u2066", "usergnp.exe"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("nul\x00bell\x07", "nul\ufffdbell\ufffd"),
        ("\x9b31m", "\ufffd31m"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
    ],
)
def test_what_a_page_says_can_do_nothing(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert inert("x" * 50, limit=10) == "x" * 9 + "…"


@given(st.text(max_size=300))
def test_nothing_that_controls_a_terminal_or_breaks_xml_is_left(text: str) -> None:
    shown = inert(text, limit=100)
    assert len(shown) <= 100
    assert shown.encode().decode() == shown
    assert all(character >= " " and not "\x7f" <= character <= "\x9f" for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")

"""Keys are found by their DOM names, with the codes of a US keyboard."""

from __future__ import annotations

import pytest

from harness.navigation.keys import Key, key_named


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Enter", Key("Enter", "Enter", 13, "\r")),
        ("a", Key("a", "KeyA", 65, "a")),
        ("A", Key("A", "KeyA", 65, "A")),
        ("7", Key("7", "Digit7", 55, "7")),
        ("&", Key("&", "Digit7", 55, "&")),
        ("?", Key("?", "Slash", 191, "?")),
        (" ", Key(" ", "Space", 32, " ")),
        ("Space", Key(" ", "Space", 32, " ")),
        ("F12", Key("F12", "F12", 123)),
        ("Ctrl", Key("Control", "ControlLeft", 17, "", 1)),
        ("é", Key("é", "", 0, "é")),
    ],
)
def test_names_and_single_characters_are_keys(name: str, expected: Key) -> None:
    assert key_named(name) == expected


@pytest.mark.parametrize("name", ["", "F0", "F25", "F²", "Fx", "enter", "Hyper", "ab"])
def test_other_names_are_no_keys(name: str) -> None:
    assert key_named(name) is None

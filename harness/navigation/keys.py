"""Keys by their DOM name, as `Input.dispatchKeyEvent` wants them (UI Events KeyboardEvent key and code values, US layout)."""

from __future__ import annotations

from typing import NamedTuple


class Key(NamedTuple):
    """One key. text is what it enters, empty for keys that enter nothing."""

    key: str
    code: str
    key_code: int
    text: str = ""
    location: int = 0


MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
"""Bits of the `modifiers` field."""

_NAMED = {
    key.key: key
    for key in (
        Key("Enter", "Enter", 13, "\r"),
        Key("Tab", "Tab", 9),
        Key("Escape", "Escape", 27),
        Key("Backspace", "Backspace", 8),
        Key("Delete", "Delete", 46),
        Key("Insert", "Insert", 45),
        Key("Home", "Home", 36),
        Key("End", "End", 35),
        Key("PageUp", "PageUp", 33),
        Key("PageDown", "PageDown", 34),
        Key("ArrowLeft", "ArrowLeft", 37),
        Key("ArrowUp", "ArrowUp", 38),
        Key("ArrowRight", "ArrowRight", 39),
        Key("ArrowDown", "ArrowDown", 40),
        Key("Shift", "ShiftLeft", 16, location=1),
        Key("Control", "ControlLeft", 17, location=1),
        Key("Alt", "AltLeft", 18, location=1),
        Key("Meta", "MetaLeft", 91, location=1),
        Key("CapsLock", "CapsLock", 20),
        Key("ContextMenu", "ContextMenu", 93),
        Key(" ", "Space", 32, " "),
    )
}
_ALIASES = {"Space": " ", "Return": "Enter", "Esc": "Escape", "Left": "ArrowLeft", "Right": "ArrowRight",
            "Up": "ArrowUp", "Down": "ArrowDown", "Del": "Delete", "Ctrl": "Control"}  # fmt: skip
_PUNCTUATION = {
    "`~": ("Backquote", 192), "-_": ("Minus", 189), "=+": ("Equal", 187), "[{": ("BracketLeft", 219),
    "]}": ("BracketRight", 221), "\\|": ("Backslash", 220), ";:": ("Semicolon", 186), "'\"": ("Quote", 222),
    ",<": ("Comma", 188), ".>": ("Period", 190), "/?": ("Slash", 191),
}  # fmt: skip
_SHIFTED_DIGITS = ")!@#$%^&*("


def key_named(name: str) -> Key | None:
    """The key of a DOM name (`Enter`, `a`, `F5`) or of a single character; None when there is no such key."""
    name = _ALIASES.get(name, name)
    if name in _NAMED:
        return _NAMED[name]
    if name.startswith("F") and name.isascii() and name[1:].isdigit() and 1 <= int(name[1:]) <= 24:
        return Key(name, name, 111 + int(name[1:]))
    if len(name) != 1:
        return None
    if name.isascii() and name.isalpha():
        return Key(name, f"Key{name.upper()}", ord(name.upper()), name)
    if name.isascii() and name.isdigit():
        return Key(name, f"Digit{name}", ord(name), name)
    if name in _SHIFTED_DIGITS:
        digit = _SHIFTED_DIGITS.index(name)
        return Key(name, f"Digit{digit}", ord("0") + digit, name)
    for pair, (code, key_code) in _PUNCTUATION.items():
        if name in pair:
            return Key(name, code, key_code, name)
    return Key(name, "", 0, name)

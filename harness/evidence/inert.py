"""Text from pages, sites and people, made harmless for a terminal, a report or an XML file."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC, DCS, SOS, PM, APC up to their end
    r"|\x1b[ -/]*[0-~]",  # other escapes
    re.DOTALL,
)
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def inert(text: object, limit: int = 500) -> str:
    """`text` without escape sequences, control, format and bidirectional characters, cut to `limit` characters.

    Line breaks and tabs become spaces, what cannot be shown becomes U+FFFD or nothing; it still has to be escaped for
    the markup it is put in.
    """
    raw = str(text)[: limit * 4]
    clean = "".join(map(_shown, _ESCAPE_SEQUENCES.sub("", raw)))
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    if character in "\t\n\r\u2028\u2029":
        return " "
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return "\ufffd" if category in _UNSAFE_CATEGORIES else character

"""The protocol's names and words as Python's."""

from __future__ import annotations

import builtins
import keyword
import re
import textwrap
from collections.abc import Iterable

TAKEN = frozenset({*keyword.kwlist, "Any", "str", "int", "float", "bool", "list", "dict", "type"})
"""What an annotation, or Python itself, needs: a name of ours that is among them gets an underscore."""

_ACRONYM_END = re.compile(r"([A-Z]+)([A-Z][a-z])")
_WORD_END = re.compile(r"([a-z0-9])([A-Z])")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`|(])")
_WIDTH = 112
_LONG = 240


def snake(name: str) -> str:
    """`printToPDF` -> `print_to_pdf`, `backendDOMNodeIds` -> `backend_dom_node_ids`."""
    plural = re.sub(r"([A-Z]{2,})s$", lambda match: match[1].capitalize() + "s", name)
    return _WORD_END.sub(r"\1_\2", _ACRONYM_END.sub(r"\1_\2", plural)).lower().replace("-", "_")


def camel(name: str) -> str:
    """What `rename="camel"` of msgspec makes of one of our names: `frame_id` -> `frameId`, `from_` -> `from`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(other.capitalize() for other in others)


def variable(name: str) -> str:
    """A parameter or a field: as `snake`, and never a word that is taken (`type` is free: nothing of ours needs it)."""
    found = snake(name)
    return f"{found}_" if found in TAKEN - {"type"} else found


def function(name: str) -> str:
    """A command; it must hide no builtin that the module may need."""
    found = snake(name)
    return f"{found}_" if found in TAKEN or found in vars(builtins) else found


def pascal(name: str) -> str:
    """`loadEventFired` -> `LoadEventFired`, `mouse-wheel` -> `MouseWheel`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name))


def summary(description: str, *marks: str, sentences: int = 2) -> str:
    """The first sentences of a description on one line, then the marks, such as `Deprecated.`"""
    paragraph = description.strip().split("\n\n")[0]
    words = " ".join(paragraph.split())
    parts = _SENTENCE_END.split(words)
    text = parts[0]
    for part in parts[1:sentences]:
        if len(text) + len(part) < _LONG:
            text += f" {part}"
    if text and text[-1] not in ".!?:":
        text += "."
    return " ".join([text, *(mark for mark in marks if mark.lower() not in text.lower())]).strip()


def docstring(first: str, lines: Iterable[str], indent: str) -> list[str]:
    """A docstring, wrapped, as lines of code; none where there is nothing to say."""
    wrapped = [wrap(first)] if first else []
    wrapped += ["\n".join(wrap(line, hanging="  ") for line in lines)] if lines else []
    if not wrapped:
        return []
    text = "\n\n".join(part for part in wrapped if part).replace("\\", "\\\\").replace('"""', "'''")
    text = f" {text}" if text.startswith('"') else text
    end = "\n" if "\n" in text else " " if text.endswith('"') else ""
    quoted = f'"""{text}{end}"""'
    return [f"{indent}{line}" if line else "" for line in quoted.split("\n")]


def wrap(text: str, hanging: str = "") -> str:
    """Lines that the linter takes; a word that is longer than a line stays whole."""
    lines = textwrap.wrap(text, _WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines)

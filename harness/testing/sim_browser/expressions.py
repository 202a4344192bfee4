"""The little JavaScript that a simulated page understands: enough to hold values, to hang, to ask and to go elsewhere.

JSON literals, `window.x`, sums of integers, the document's title, address, cookies and clipboard, promises, endless loops,
dialogs, windows. Anything else is what the page's `Document.expressions` say, or a ReferenceError that names the expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.testing.sim_browser.model import Json, SimPage

UNDEFINED = object()


class Thrown(NamedTuple):
    """The expression threw."""

    kind: str
    message: str


class Effect(NamedTuple):
    """What the browser must do: `forever` (a promise), `busy`, `dialog`, `navigate`, `open`, `close`, `clipboard`."""

    name: str
    detail: str = ""
    more: str = ""
    value: Any = UNDEFINED


class Place(NamedTuple):
    """Where an expression runs."""

    page: SimPage
    user_agent: str
    clipboard: str


Found = Any
Rule = Callable[[Place, re.Match[str]], Found]
_STRING = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_STATEMENTS = re.compile(rf"{_STRING}|(?<!\()(?<!;);(?!;)")


def evaluate(expression: str, place: Place) -> Found:
    """The value of the last statement, a Thrown, or the first Effect that there is."""
    scripted = place.page.document.expressions
    if expression in scripted:
        return scripted[expression]
    found: Found = UNDEFINED
    for statement in _statements(expression):
        found = _one(statement, place)
        if isinstance(found, Effect | Thrown):
            return found
    return found


def remote(value: Any, *, by_value: bool, handle: str = "") -> Json:
    """A value as `Runtime.RemoteObject`."""
    if value is UNDEFINED:
        return {"type": "undefined"}
    if value is None:
        return {"type": "object", "subtype": "null", "value": None}
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, int | float):
        return {"type": "number", "value": value, "description": str(value)}
    if isinstance(value, str):
        return {"type": "string", "value": value}
    if by_value:
        return {"type": "object", "value": value}
    name = "Array" if isinstance(value, list) else "Object"
    return {"type": "object", "className": name, "description": name, "objectId": handle}


def answer_to(dialog: str, *, accept: bool, text: str = "") -> Any:
    """What `alert`, `confirm` or `prompt` return for this answer."""
    return {"alert": UNDEFINED, "confirm": accept, "prompt": text if accept else None}[dialog]


def thrown(error: Thrown, handle: str) -> Json:
    """A result whose script threw."""
    what: Json = {
        "type": "object",
        "subtype": "error",
        "className": error.kind,
        "description": f"{error.kind}: {error.message}\n    at <anonymous>:1:1",
        "objectId": handle,
    }
    details: Json = {"exceptionId": 1, "text": "Uncaught", "lineNumber": 0, "columnNumber": 0, "exception": what}
    return {"result": what, "exceptionDetails": details}


def _statements(expression: str) -> list[str]:
    parts, begin = [], 0
    for match in _STATEMENTS.finditer(expression):
        if match[0] == ";":
            parts.append(expression[begin : match.start()])
            begin = match.end()
    parts.append(expression[begin:])
    return [part.strip() for part in parts if part.strip()]


def _one(statement: str, place: Place) -> Found:
    for pattern, rule in _RULES:
        match = pattern.fullmatch(statement)
        if match:
            return rule(place, match)
    return _literal(statement)


def _literal(text: str) -> Found:
    if text == "undefined":
        return UNDEFINED
    inner = text[1:-1] if text.startswith("(") and text.endswith(")") else text
    if re.fullmatch(_STRING, inner):
        return _string(inner)
    try:
        return json.loads(re.sub(r"([{,]\s*)([A-Za-z_]\w*)\s*:", r'\1"\2":', inner))
    except ValueError:
        return Thrown("ReferenceError", f"{text[:200]} is not defined")


def _string(literal: str) -> str:
    if literal.startswith("'"):
        literal = '"' + literal[1:-1].replace('"', '\\"').replace("\\'", "'") + '"'
    return str(json.loads(literal, strict=False))


def _assign(place: Place, match: re.Match[str]) -> Found:
    value = _one(match[2], place)
    if not isinstance(value, Effect | Thrown):
        place.page.variables[match[1]] = value
    return value


def _title(place: Place, match: re.Match[str]) -> Found:
    place.page.title = _string(match[1])
    return place.page.title


def _sum(_place: Place, match: re.Match[str]) -> Found:
    left, right = int(match[1]), int(match[3])
    return {"+": left + right, "-": left - right, "*": left * right}[match[2]]


def _cookie(place: Place, match: re.Match[str]) -> Found:
    text = _string(match[1])
    name, _, value = text.partition(";")[0].partition("=")
    place.page.context.cookies[name.strip()] = value.strip()
    return text


def _cookies(place: Place, _match: re.Match[str]) -> Found:
    return "; ".join(f"{name}={value}" for name, value in place.page.context.cookies.items())


def _dialog(_place: Place, match: re.Match[str]) -> Found:
    return Effect("dialog", match[1], _string(match[2]) if match[2] else "")


def _throw(_place: Place, match: re.Match[str]) -> Found:
    return Thrown(match[1], _string(match[2]) if match[2] else "")


_RULES: tuple[tuple[re.Pattern[str], Rule], ...] = tuple(
    (re.compile(pattern, re.DOTALL), rule)
    for pattern, rule in (
        (r"new Promise\(\(\)\s*=>\s*\{\s*\}\)", lambda _p, _m: Effect("forever")),
        (r"(?:for\s*\(;;\)|while\s*\((?:true|1)\))\s*(?:\{\s*\})?", lambda _p, _m: Effect("busy")),
        (rf"(?:window\.)?(alert|confirm|prompt)\((?:{_STRING})?\)", _dialog),
        (r"window\.close\(\)", lambda _p, _m: Effect("close")),
        (rf"window\.open\({_STRING}\)(?:\s*&&\s*1)?", lambda _p, m: Effect("open", _string(m[1]))),
        (
            rf"(?:window\.)?location(?:\.href)?\s*=\s*{_STRING}",
            lambda _p, m: Effect("navigate", _string(m[1]), value=_string(m[1])),
        ),
        (r"(?:window\.)?location\.href|document\.URL", lambda p, _m: p.page.url),
        (rf"document\.title\s*=\s*{_STRING}", _title),
        (r"document\.title", lambda p, _m: p.page.title),
        (r"document\.readyState", lambda _p, _m: "complete"),
        (rf"document\.cookie\s*=\s*{_STRING}", _cookie),
        (r"document\.cookie", _cookies),
        (r"navigator\.userAgent", lambda p, _m: p.user_agent),
        (rf"navigator\.clipboard\.writeText\({_STRING}\)", lambda _p, m: Effect("clipboard", _string(m[1]))),
        (r"navigator\.clipboard\.readText\(\)", lambda p, _m: p.clipboard),
        (rf"throw new (\w+)\((?:{_STRING})?\)", _throw),
        (rf"{_STRING}\.repeat\((\d+)\)", lambda _p, m: _string(m[1]) * int(m[2])),
        (r"\(?(-?\d+)\s*([+*-])\s*(-?\d+)\)?", _sum),
        (r"window\.([A-Za-z_]\w*)\s*=\s*([^=].*)", _assign),
        (r"window\.([A-Za-z_]\w*)", lambda p, m: p.page.variables.get(m[1], UNDEFINED)),
    )
)

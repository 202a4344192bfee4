"""Rules by which the site misbehaves, and the layer that carries them out before the site itself is asked.

A rule is `KIND:PATH[:ARG][@N]`: the path is compared whole (no query), or by its beginning where it ends in `*`; with
`@N` the rule bites on each Nth request of that path only (its own counter, so a run is repeatable).

| kind | what the client sees |
|---|---|
| `error500` | an answer with status 500; nothing was done |
| `slow` | the answer ARG milliseconds later |
| `hang` | no answer, not even headers; nothing was done |
| `lost` | no answer, not even headers, but the effect **was** committed: the case that makes an outcome unknown |
| `dialog` | the page, which opens `alert()` when it has loaded |
| `busy` | the page, whose renderer computes for ever once it has loaded |
| `crash` | the page, whose renderer dies once it has loaded |

`crash` is dependable on Chromium 156, full and headless shell: laying out 10,000 nested elements overflows the
renderer's stack in about one second (`pages/crash.js`); no page may open `chrome://crash` itself.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from harness.demo_site.body import json_object_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = ("error500", "slow", "hang", "lost", "dialog", "busy", "crash")
PAGE_TROUBLES = ("dialog", "busy", "crash")
CONTROL_PATH = "/api/misbehave"
MAX_DELAY_MS = 600_000

_RULE = re.compile(r"(?P<kind>[^:]*):(?P<path>/[^:@\s]*)(?::(?P<arg>[^:@]*))?(?:@(?P<every>[^:@]*))?")
_TROUBLES_KEY = "harness.demo_site.troubles"


class RuleError(ValueError):
    """A rule that cannot be read; its text names the rule and what was expected."""


@dataclass(slots=True)
class Rule:
    """One rule and its counters: `seen` requests of its path, of which it has bitten on `hits`."""

    text: str
    kind: str
    path: str
    delay_ms: int = 0
    every: int = 1
    seen: int = 0
    hits: int = 0

    def bites(self, path: str) -> bool:
        """Counts a request of `path`, if it is this rule's, and says whether the rule bites on it."""
        mine = path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path
        if not mine:
            return False
        self.seen += 1
        if self.seen % self.every:
            return False
        self.hits += 1
        return True


def parse_rule(text: str) -> Rule:
    """Reads one rule. Raises `RuleError` for a form, kind or number that is none."""
    match = _RULE.fullmatch(text.strip())
    if match is None:
        raise RuleError(f"{text!r} is not of the form KIND:/PATH[:ARG][@N], such as error500:/shop/cart@10")
    kind, arg, every = match["kind"], match["arg"], match["every"]
    if kind not in KINDS:
        raise RuleError(f"{text!r} names the unknown kind {kind!r}; known are {', '.join(KINDS)}")
    if kind == "slow":
        delay_ms = _number(text, arg or "", "a delay in milliseconds", MAX_DELAY_MS)
    elif arg is not None:
        raise RuleError(f"{text!r}: {kind} takes no argument")
    else:
        delay_ms = 0
    return Rule(
        text.strip(), kind, match["path"], delay_ms, 1 if every is None else _number(text, every, "each Nth", 10**9)
    )


def parse_rules(texts: Iterable[str]) -> list[Rule]:
    """Reads rules in their order; the first that cannot be read raises `RuleError`."""
    return [parse_rule(text) for text in texts]


def _number(rule: str, text: str, what: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise RuleError(f"{rule!r}: {what} is a whole number from 1 to {most}, not {text!r}")
    return int(text)


def page_troubles_of(scope: Scope) -> Sequence[str]:
    """What a page of this request must do to its renderer: a part of `PAGE_TROUBLES`."""
    troubles: Sequence[str] = scope.get(_TROUBLES_KEY, ())
    return troubles


class Misbehaviour:
    """The outermost layer of the site. `rules` may change while it runs; the path that changes them never misbehaves."""

    def __init__(self, app: ASGIApp, rules: list[Rule]) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path == CONTROL_PATH:
            await self._app(scope, receive, send)
            return
        biting = [rule for rule in self._rules if rule.bites(path)]
        kinds = {rule.kind for rule in biting}
        delay_ms = sum(rule.delay_ms for rule in biting)
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        if "hang" in kinds:
            await _silence_until_gone(receive)
        elif "error500" in kinds:
            await PlainTextResponse("Internal Server Error", status_code=500)(scope, receive, send)
        elif "lost" in kinds:
            await self._app(scope, receive, _nowhere)
            await _silence_until_gone(receive)
        else:
            scope[_TROUBLES_KEY] = [kind for kind in PAGE_TROUBLES if kind in kinds]
            await self._app(scope, receive, send)


async def _nowhere(_: Message) -> None:
    """A `send` that sends nothing."""


async def _silence_until_gone(receive: Receive) -> None:
    """Answers nothing, and returns when the client has left, so that no request outlives its connection."""
    while (await receive())["type"] != "http.disconnect":
        continue


def misbehaviour_routes(rules: list[Rule]) -> list[Route]:
    """`GET` shows the rules with their counters, `POST {"rules": [...]}` replaces them, `DELETE` ends them all."""

    def shown() -> Response:
        return JSONResponse({"rules": [{"rule": rule.text, "seen": rule.seen, "hits": rule.hits} for rule in rules]})

    async def control(request: Request) -> Response:
        if request.method == "POST":
            texts = (await json_object_of(request)).get("rules")
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return JSONResponse({"error": 'wanted is {"rules": ["KIND:/PATH[:ARG][@N]", ...]}'}, status_code=400)
            try:
                rules[:] = parse_rules(texts)
            except RuleError as refused:
                return JSONResponse({"error": str(refused)}, status_code=400)
        elif request.method == "DELETE":
            rules.clear()
        return shown()

    return [Route(CONTROL_PATH, control, methods=["GET", "POST", "DELETE"])]

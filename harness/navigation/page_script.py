"""The page script in its isolated world: one look along a chain of selectors, and a function run on what is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.basics.failures import Cause
from harness.cdp.errors import ProtocolError
from harness.navigation.aria import elements_of, is_aria, query_of
from harness.navigation.errors import StepError
from harness.navigation.evaluation import exception_text
from harness.navigation.frames import frame_id
from harness.navigation.map import Chain
from harness.navigation.page_link import PageLink
from harness.navigation.page_state import WORLD

_GONE = (
    "Cannot find context",
    "Execution context was destroyed",
    "Inspected target navigated",
    "Promise was collected",
    "uniqueContextId not found",
)
_NO_NODE = re.compile(r"(node|object) with given id", re.IGNORECASE)


class PageScript:
    """The page script of one page. `hint` tells why nothing was found, where there is more to say than that; whoever
    begins a look empties it."""

    def __init__(self, link: PageLink) -> None:
        self.hint = ""
        self._link = link

    async def run(self, frame: tuple[int, ...], chain: Chain, entry: str, arguments: list[Any]) -> Any:
        """One look with one chain; None when nothing is there (yet), or while the document changes."""
        found = await frame_id(self._link, frame)
        if found is None:
            self.hint = f"there is no frame {'/'.join(map(str, frame))}"
            return None
        world = self._link.state.world(found, isolated=True)
        if world is None:
            return None
        try:
            if not any(is_aria(part) for part in chain):
                return await self._call(world, None, chain, entry, arguments)
            return await self._run_aria(world, chain, entry, arguments)
        except ProtocolError as error:
            if any(text in error.message for text in _GONE) or _NO_NODE.search(error.message):
                return None
            raise

    async def _call(self, world: int, root: str | None, chain: Chain, entry: str, arguments: list[Any]) -> Any:
        where = {"objectId": root} if root else {"executionContextId": world}
        result = await self._link.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(entry, chain, args) "
                "{ return harness[entry](this instanceof Node ? this : document, chain, ...args); }",
                "arguments": [{"value": entry}, {"value": list(chain)}, {"value": arguments}],
                "returnByValue": True,
                "awaitPromise": True,
                **where,
            },
            repeatable=True,
        )
        if "exceptionDetails" in result:
            why = exception_text(result["exceptionDetails"])
            if "SyntaxError" in why or "not a valid" in why:
                self.hint = why
                return None
            if "harness is not defined" in why:
                return None
            raise StepError("the page script failed", why=why, cause=Cause.STRATEGY_DEFECT)
        return result["result"].get("value")

    async def _run_aria(self, world: int, chain: Chain, entry: str, arguments: list[Any]) -> Any:
        """A chain with accessibility selectors: the browser's own accessibility tree finds, the page script acts."""
        document = await self._link.call(
            "Runtime.evaluate",
            {"expression": "document", "contextId": world, "objectGroup": WORLD},
            repeatable=True,
        )
        top = root = document["result"]["objectId"]
        pending: list[str] = []
        try:
            for part in chain:
                if not is_aria(part):
                    pending.append(part)
                    continue
                host = await self._query(root, pending) if pending else root
                found = await self._query_aria(world, top, host, part) if host else None
                if found is None:
                    return None
                root, pending = found, []
            return await self._call(world, root, tuple(pending), entry, arguments)
        finally:
            if self._link.session.make_error is None:
                await self._link.call("Runtime.releaseObjectGroup", {"objectGroup": WORLD}, repeatable=True)

    async def _query(self, root: str, chain: Sequence[str]) -> str | None:
        """The element that a chain of the page script's own selectors leads to, as an object of the browser."""
        result = await self._link.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(chain) { return harness.find(this, chain); }",
                "arguments": [{"value": list(chain)}],
                "objectId": root,
                "objectGroup": WORLD,
            },
            repeatable=True,
        )
        if "exceptionDetails" in result:
            self.hint = exception_text(result["exceptionDetails"])
            return None
        found = result["result"].get("objectId")
        return None if found is None else str(found)

    async def _query_aria(self, world: int, top: str, host: str, selector: str) -> str | None:
        """The first element of this name and role within a host. The whole document is asked: Chromium 156 finds nothing
        under an element that is no node of its accessibility tree, as many a shadow host is none."""
        params = {"objectId": top, **query_of(selector)}
        tree = await self._link.call("Accessibility.queryAXTree", params, repeatable=True)
        for element in elements_of(tree):
            resolved = await self._link.call(
                "DOM.resolveNode",
                {"backendNodeId": element, "executionContextId": world, "objectGroup": WORLD},
                repeatable=True,
            )
            found = str(resolved["object"]["objectId"])
            if host == top or await self._contains(host, found):
                return found
        return None

    async def _contains(self, host: str, element: str) -> bool:
        result = await self._link.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(element) { return harness.contains(this, element); }",
                "arguments": [{"objectId": element}],
                "objectId": host,
                "returnByValue": True,
            },
            repeatable=True,
        )
        return bool(result["result"].get("value"))

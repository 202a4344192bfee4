"""Accessibility selectors (`aria/Name`, `aria/[name="…"][role="…"]`): the browser's own accessibility tree finds."""

from __future__ import annotations

import re
from typing import Any

ARIA = "aria/"
_ATTRIBUTE = re.compile(r"""\[\s*(?P<key>name|role)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)\s*\]""")


def is_aria(selector: str) -> bool:
    """Whether this part of a chain is an accessibility selector."""
    return selector.startswith(ARIA)


def query_of(selector: str) -> dict[str, str]:
    """What `Accessibility.queryAXTree` is asked for: `accessibleName` and `role`, each where the selector gives it."""
    wanted = {match["key"]: match["value"] for match in _ATTRIBUTE.finditer(selector)}
    name = wanted.get("name", _ATTRIBUTE.sub("", selector.removeprefix(ARIA)).strip())
    query = {"accessibleName": name} if name else {}
    if "role" in wanted:
        query["role"] = wanted["role"]
    return query


def elements_of(tree: dict[str, Any]) -> list[int]:
    """Backend node ids of the elements in a reply to `Accessibility.queryAXTree`, in its order; text is none."""
    return [
        node["backendDOMNodeId"]
        for node in tree["nodes"]
        if not node.get("ignored")
        and (node.get("role") or {}).get("value") not in {"StaticText", "InlineTextBox"}
        and "backendDOMNodeId" in node
    ]

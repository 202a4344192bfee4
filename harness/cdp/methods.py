"""Which CDP methods only read. What is not listed is a write and needs a lease; so does `Runtime.evaluate`, unless it asks
the browser itself to refuse side effects (`throwOnSideEffect`).

Source: the domains' own descriptions at https://chromedevtools.github.io/devtools-protocol/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READS: frozenset[str] = frozenset(
    {
        "Accessibility.getAXNodeAndAncestors",
        "Accessibility.getChildAXNodes",
        "Accessibility.getFullAXTree",
        "Accessibility.getPartialAXTree",
        "Accessibility.getRootAXNode",
        "Accessibility.queryAXTree",
        "Browser.getBrowserCommandLine",
        "Browser.getHistograms",
        "Browser.getVersion",
        "Browser.getWindowBounds",
        "Browser.getWindowForTarget",
        "DOM.describeNode",
        "DOM.getAttributes",
        "DOM.getBoxModel",
        "DOM.getContentQuads",
        "DOM.getDocument",
        "DOM.getFrameOwner",
        "DOM.getNodeForLocation",
        "DOM.getOuterHTML",
        "DOM.querySelector",
        "DOM.querySelectorAll",
        "DOM.resolveNode",
        "DOMSnapshot.captureSnapshot",
        "Network.getCookies",
        "Network.getResponseBody",
        "Page.captureScreenshot",
        "Page.captureSnapshot",
        "Page.getFrameTree",
        "Page.getLayoutMetrics",
        "Page.getNavigationHistory",
        "Performance.getMetrics",
        "Runtime.getHeapUsage",
        "Runtime.getProperties",
        "Storage.getCookies",
        "SystemInfo.getInfo",
        "SystemInfo.getProcessInfo",
        "Target.getBrowserContexts",
        "Target.getTargetInfo",
        "Target.getTargets",
    }
)


def is_write(method: str, params: Mapping[str, Any] | None) -> bool:
    """True when the command can change what the browser holds, so that it needs a lease."""
    if method == "Runtime.evaluate":
        return not (params and params.get("throwOnSideEffect"))
    return method not in READS

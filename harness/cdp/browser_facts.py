"""What a browser says of itself: whether it is one that we can work with, and which of its helper processes came anew.

Pure. Chromium restarts a GPU, network or storage process that died without a word to its clients, and aborts after a few
GPU deaths: who counts them sees it coming.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

OLDEST = 120
"""The oldest major version that has all we ask for: the new headless mode (112), page scripts that run at once (117)."""
_PRODUCT = re.compile(r"^(?:Headless)?Chrom(?:e|ium)/(\d+)")


def why_unusable(product: str, protocol: str) -> str:
    """Why this browser cannot be worked with; empty for one that can, and for products that nobody knows."""
    if protocol.partition(".")[0] != "1":
        return f"it speaks version {protocol} of the protocol, and we speak 1.3"
    found = _PRODUCT.match(product)
    if found and int(found[1]) < OLDEST:
        return f"it is {product}, and {OLDEST} is the oldest that has all that is needed"
    return ""


def helpers_of(process_info: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """Helper processes by id, from `SystemInfo.getProcessInfo`: neither the browser itself nor renderers, which come and go
    with their pages."""
    return {int(one["id"]): str(one["type"]) for one in process_info if one["type"] not in {"browser", "renderer"}}


def restarted(before: Mapping[int, str], after: Mapping[int, str]) -> Counter[str]:
    """How many helpers of each kind died and came again: those that are gone, as far as new ones took their place."""
    gone = Counter(kind for pid, kind in before.items() if pid not in after)
    new = Counter(kind for pid, kind in after.items() if pid not in before)
    return gone & new

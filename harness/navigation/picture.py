"""Pictures of a page."""

from __future__ import annotations

import base64
import math
from typing import Any

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.page import Clip
from harness.navigation.page_link import PageLink

MAX_CLIP_PIXELS = 64e6


async def screenshot(link: PageLink, clip: Clip | None) -> bytes:
    """PNG bytes; a clip that is not finite, not positive or too large is refused before it is sent."""
    params: dict[str, Any] = {"format": "png"}
    if clip is not None:
        numbers = (*clip,)
        numeric = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
        if not numeric or clip.width <= 0 or clip.height <= 0:
            raise StepError("the picture's region is not usable", why=f"{clip}", cause=Cause.STEP_INVALID)
        if not 0 < clip.scale <= 8 or clip.width * clip.height * clip.scale**2 > MAX_CLIP_PIXELS:
            raise StepError("the picture's region is too large", why=f"{clip}", cause=Cause.STEP_INVALID)
        params |= {"clip": clip._asdict(), "captureBeyondViewport": True}
    result = await link.call("Page.captureScreenshot", params, repeatable=True)
    return base64.b64decode(result["data"])

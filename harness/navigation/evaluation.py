"""Expressions of the map, evaluated in the page's own world; none is ever made from data."""

from __future__ import annotations

from typing import Any

from harness.basics.failures import Cause
from harness.cdp.errors import ProtocolError
from harness.navigation.errors import StepError
from harness.navigation.frames import frame_id
from harness.navigation.page_link import PageLink

PROBES = "harness-probes"


async def evaluate(link: PageLink, expression: str, frame: tuple[int, ...] = ()) -> Any:
    """The JSON value of an expression, promises awaited; StepError when it throws."""
    return (await _evaluate(link, expression, frame, returnByValue=True)).get("value")


async def holds(link: PageLink, expression: str, frame: tuple[int, ...] = ()) -> bool:
    """Whether an expression is truthy as JavaScript sees it (an element is); StepError when it throws."""
    found = await _evaluate(link, expression, frame, objectGroup=PROBES)
    if "objectId" not in found:
        return bool(found.get("value")) or found.get("unserializableValue", "0") not in {
            "NaN",
            "-0",
            "0",
            "0n",
            "-0n",
        }
    await link.call("Runtime.releaseObjectGroup", {"objectGroup": PROBES}, repeatable=True)
    return True


async def _evaluate(link: PageLink, expression: str, frame: tuple[int, ...], **options: Any) -> dict[str, Any]:
    found = await frame_id(link, frame) if frame else None
    world = None if found is None else link.state.world(found, isolated=False)
    if frame and world is None:
        raise StepError(
            "the expression's frame is not there", why="there is no such frame", cause=Cause.EXPRESSION_FAILED
        )
    where = {} if world is None else {"contextId": world}
    try:
        result = await link.call(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, **options, **where},
            repeatable=True,
            timeout_s=link.patience_s(),
        )
    except ProtocolError as error:
        raise StepError(
            "an expression could not be evaluated", why=error.message, cause=Cause.EXPRESSION_FAILED
        ) from error
    if "exceptionDetails" in result:
        raise StepError(
            "an expression threw", why=exception_text(result["exceptionDetails"]), cause=Cause.EXPRESSION_FAILED
        )
    return dict(result["result"])


def exception_text(details: dict[str, Any]) -> str:
    """What `exceptionDetails` of a reply say, at most 500 characters."""
    described = (details.get("exception") or {}).get("description") or details.get("text") or "an exception"
    return str(described)[:500]

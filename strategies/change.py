"""Give a form field a value, in the way its kind asks for."""

from typing import Any

import anyio

from harness.navigation import Cause, Miss, Place, Step, StepContext, StepError, strategy

SET_AT_ONCE = {"color", "date", "datetime-local", "month", "range", "time", "week"}
CANNOT_APPEND = {"editable", "email", "number"}  # their caret cannot be placed
WITHOUT_TEXT = {"button", "file", "image", "reset", "submit"}
POLL_S = 0.05


@strategy("change", requires=("selectors", "text"))
async def change(ctx: StepContext, step: Step) -> None:
    """Selects choose by value; checkboxes follow the truth of the text; other fields end with exactly this text.

    A field that is disabled or read-only, or a list without the option, is waited for: pages fill them late.
    """
    page, place, value = ctx.page, step.place, ctx.text(step)
    field = await _unlocked(ctx, place)
    kind = field["type"]
    if kind in WITHOUT_TEXT:
        raise _refused("the field takes no text", f"it is of the kind {kind}")
    if kind == "select":
        page.effects += 1
        while not await page.run(place, "choose", value):
            page.last_miss = Miss(Cause.ELEMENT_NOT_ACTIONABLE, "the list has no such option")
            await anyio.sleep(POLL_S)
    elif kind in {"checkbox", "radio"}:
        if field["checked"] != (value.lower() not in {"", "false", "off", "0"}):
            at = await page.point(place)
            await page.mouse("mousePressed", at, "left", 1)
            await page.mouse("mouseReleased", at, "left", 1)
    elif kind in SET_AT_ONCE:
        page.effects += 1
        if not await page.run(place, "setValue", value) and value:
            raise _refused("the field does not take the value", f"it is no value of the kind {kind}")
    elif field["value"] != value:
        await _write(ctx, place, field, value)


async def _unlocked(ctx: StepContext, place: Place) -> dict[str, Any]:
    while True:
        field: dict[str, Any] = await ctx.page.run(place, "field")
        if not field["locked"]:
            return field
        ctx.page.last_miss = Miss(Cause.ELEMENT_NOT_ACTIONABLE, "the field is disabled or read-only")
        await anyio.sleep(POLL_S)


async def _write(ctx: StepContext, place: Place, field: dict[str, Any], value: str) -> None:
    """Type only what is missing where the field holds the beginning already; otherwise replace what it holds."""
    if not await ctx.page.run(place, "focus"):
        raise _refused("the field does not take the focus", "its text would go elsewhere")
    held = field["value"]
    if held and (field["type"] in CANNOT_APPEND or not value.startswith(held)):
        await ctx.page.run(place, "clear")
        held = ""
    await ctx.page.insert_text(value.removeprefix(held))


def _refused(what: str, why: str) -> StepError:
    return StepError(what, why=why, cause=Cause.ELEMENT_NOT_ACTIONABLE)

"""Give a form field a value, in the way its kind asks for."""

from harness.navigation import Cause, Step, StepContext, StepError, strategy

SET_AT_ONCE = {"color", "date", "datetime-local", "month", "range", "time", "week"}


@strategy("change", requires=("selectors", "text"))
async def change(ctx: StepContext, step: Step) -> None:
    """Selects choose by value; checkboxes follow the truth of the text; other fields end with exactly this text."""
    page, place, value = ctx.page, step.place, ctx.text(step)
    field = await page.run(place, "field")
    if field["locked"]:
        raise StepError(
            "the field cannot be changed", why="it is disabled or read-only", cause=Cause.ELEMENT_NOT_ACTIONABLE
        )
    if field["type"] == "select":
        page.effects += 1
        if not await page.run(place, "choose", value):
            raise StepError(
                "the list has no such option", why="no value or label fits", cause=Cause.ELEMENT_NOT_ACTIONABLE
            )
    elif field["type"] in {"checkbox", "radio"}:
        if field["checked"] != (value.lower() not in {"", "false", "off", "0"}):
            at = await page.point(place)
            await page.mouse("mousePressed", at, "left", 1)
            await page.mouse("mouseReleased", at, "left", 1)
    elif field["type"] in SET_AT_ONCE:
        page.effects += 1
        await page.run(place, "setValue", value)
    elif field["value"] != value:
        await page.run(place, "focus")
        if field["value"] and not value.startswith(field["value"]):
            await page.run(place, "clear")
            await page.insert_text(value)
        else:
            await page.insert_text(value.removeprefix(field["value"]))

"""Click an element, a place within it, or a point of the viewport."""

import anyio

from harness.navigation import Button, Step, StepContext, strategy

BUTTONS: dict[str, Button] = {
    "primary": "left",
    "auxiliary": "middle",
    "secondary": "right",
    "back": "back",
    "forward": "forward",
}


async def press_and_release(ctx: StepContext, step: Step, *, click_count: int, hold_s: float) -> None:
    """Move to the place, press the step's button, hold it, release it."""
    button = BUTTONS[step.params.get("button", "primary")]
    at = await ctx.page.point(step.place)
    await ctx.page.mouse("mouseMoved", at)
    await ctx.page.mouse("mousePressed", at, button, click_count)
    if hold_s:
        await anyio.sleep(hold_s)
    await ctx.page.mouse("mouseReleased", at, button, click_count)


@strategy("click", requires=("place",))
async def click(ctx: StepContext, step: Step) -> None:
    """`button`: primary, auxiliary, secondary, back or forward; `duration_s`: how long it is held."""
    await press_and_release(ctx, step, click_count=1, hold_s=float(step.params.get("duration_s", 0)))

"""Move the pointer over an element."""

from harness.navigation import Step, StepContext, strategy


@strategy("hover", requires=("place",))
async def hover(ctx: StepContext, step: Step) -> None:
    """Ends with the pointer at the place; no button is pressed, so a disabled element will do."""
    await ctx.page.mouse("mouseMoved", await ctx.page.point(step.place, enabled=False))

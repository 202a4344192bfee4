"""Go to a URL and wait for its load event."""

from harness.navigation import Step, StepContext, strategy


@strategy("navigate", requires=("url",))
async def navigate(ctx: StepContext, step: Step) -> None:
    """`url`: where to go."""
    await ctx.page.navigate(str(step.params["url"]))

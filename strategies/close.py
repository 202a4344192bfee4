"""Close the page."""

from harness.navigation import Step, StepContext, strategy


@strategy("close")
async def close(ctx: StepContext, step: Step) -> None:  # noqa: ARG001 - the signature of every strategy
    """The last step of a recording that ends so; a page that asks to stay is closed all the same."""
    await ctx.page.close()

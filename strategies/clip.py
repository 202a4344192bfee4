"""Put text, or a secret by reference, on the page's clipboard, for the paste that follows."""

from harness.navigation import Step, StepContext, strategy


@strategy("clip", requires=("text",), holds="clipboard")
async def clip(ctx: StepContext, step: Step) -> None:
    """The clipboard scope is held from here until the paste that uses it; the value is never logged."""
    await ctx.page.write_clipboard(ctx.text(step))

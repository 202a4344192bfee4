"""Release a key."""

from harness.navigation import Step, StepContext, strategy


@strategy("key_up", requires=("key",))
async def key_up(ctx: StepContext, step: Step) -> None:
    """`key`: a DOM key name."""
    await ctx.page.key("up", str(step.params["key"]))

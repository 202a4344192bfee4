"""Press a key and keep it down."""

from harness.navigation import Step, StepContext, strategy


@strategy("key_down", requires=("key",))
async def key_down(ctx: StepContext, step: Step) -> None:
    """`key`: a DOM key name; what is still down at the end of the spin is released."""
    await ctx.page.key("down", str(step.params["key"]))

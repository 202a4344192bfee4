"""Emulate a viewport."""

from harness.navigation import Step, StepContext, Viewport, strategy


@strategy("set_viewport", requires=("width", "height"))
async def set_viewport(ctx: StepContext, step: Step) -> None:
    """The fields of a Viewport; width and height in CSS pixels."""
    given = {name: step.params[name] for name in Viewport.__struct_fields__ if name in step.params}
    await ctx.page.set_viewport(Viewport(**given))

"""Take a picture of a region, or of the viewport, into the run's artefacts."""

from harness.navigation import Clip, Step, StepContext, strategy


@strategy("screenshot")
async def screenshot(ctx: StepContext, step: Step) -> None:
    """`clip`: {x, y, width, height, scale} in CSS pixels of the page; `name`: of the file, the step's id by default."""
    region = step.params.get("clip")
    picture = await ctx.page.screenshot(Clip(**region) if region else None)
    ctx.save(f"{step.params.get('name', step.id)}.png", picture)

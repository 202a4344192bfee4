"""Take a picture of a region, or of the viewport, into the run's artefacts."""

from harness.navigation import Cause, Clip, Step, StepContext, StepError, strategy


@strategy("screenshot")
async def screenshot(ctx: StepContext, step: Step) -> None:
    """`clip`: {x, y, width, height, scale} in CSS pixels of the page; `name`: of the file, the step's id by default."""
    region = step.params.get("clip")
    picture = await ctx.page.screenshot(None if region is None else _clip(region))
    ctx.save(f"{step.params.get('name', step.id)}.png", picture)


def _clip(region: object) -> Clip:
    fields = {"x", "y", "width", "height"}
    if not isinstance(region, dict) or not fields <= region.keys() <= fields | {"scale"}:
        raise StepError(
            "the picture's region is not usable",
            why=f"clip must give x, y, width, height and may give scale, not {region!r}",
            todo="correct the step's clip",
            cause=Cause.STEP_INVALID,
        )
    return Clip(**region)

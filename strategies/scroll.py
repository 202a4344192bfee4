"""Scroll the page, or an element, to a position."""

from harness.navigation import Place, Step, StepContext, strategy


@strategy("scroll")
async def scroll(ctx: StepContext, step: Step) -> None:
    """`x`, `y`: the position to reach, CSS pixels from the start; without selectors the document scrolls."""
    place = step.place if step.place.selectors else Place(selectors=(("html",),), frame=step.place.frame)
    await ctx.page.run(place, "scroll", float(step.params.get("x") or 0), float(step.params.get("y") or 0))

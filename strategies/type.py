"""Type text at the focus, or into an element, key by key."""

from harness.navigation import Cause, Step, StepContext, StepError, strategy


@strategy("type", requires=("text",))
async def type_text(ctx: StepContext, step: Step) -> None:
    """Characters without a key of their own are inserted; with a place, the element is focused first."""
    text = ctx.text(step)
    if step.place.selectors and not await ctx.page.run(step.place, "focus"):
        raise StepError(
            "the element does not take the focus", why="its text would go elsewhere", cause=Cause.ELEMENT_NOT_ACTIONABLE
        )
    for character in text:
        if character.isascii() and (character.isalnum() or character in " \n"):
            name = "Enter" if character == "\n" else character
            await ctx.page.key("down", name)
            await ctx.page.key("up", name)
        else:
            await ctx.page.insert_text(character)

"""Type text at the focus, or into an element, key by key."""

from harness.navigation import Step, StepContext, strategy


@strategy("type", requires=("text",))
async def type_text(ctx: StepContext, step: Step) -> None:
    """Characters without a key of their own are inserted; with a place, the element is focused first."""
    text = ctx.text(step)
    if step.place.selectors:
        await ctx.page.run(step.place, "focus")
    for character in text:
        if character.isascii() and (character.isalnum() or character in " \n"):
            name = "Enter" if character == "\n" else character
            await ctx.page.key("down", name)
            await ctx.page.key("up", name)
        else:
            await ctx.page.insert_text(character)

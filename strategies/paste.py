"""Paste what `clip` put on the clipboard: by the page's own Paste button, or by the keyboard."""

from harness.navigation import Step, StepContext, strategy
from strategies.click import press_and_release


@strategy("paste", releases="clipboard")
async def paste(ctx: StepContext, step: Step) -> None:
    """With a place it is clicked; without one, Control+V goes to the focus. The clipboard is cleared afterwards."""
    if step.place.is_given:
        await press_and_release(ctx, step, click_count=1, hold_s=0)
        return
    await ctx.page.paste_at_focus()

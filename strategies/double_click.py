"""Click an element twice, as one double click."""

from harness.navigation import Step, StepContext, strategy
from strategies.click import press_and_release


@strategy("double_click", requires=("place",))
async def double_click(ctx: StepContext, step: Step) -> None:
    """Two presses with click counts 1 and 2, so that the page sees click, click and dblclick."""
    for count in (1, 2):
        await press_and_release(ctx, step, click_count=count, hold_s=0)

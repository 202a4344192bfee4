"""Press an element or a point, and hold."""

from harness.navigation import Step, StepContext, strategy
from strategies.click import press_and_release


@strategy("long_press", requires=("place",))
async def long_press(ctx: StepContext, step: Step) -> None:
    """`hold_s`: how long, in seconds (0.5 where the map says nothing)."""
    await press_and_release(ctx, step, click_count=1, hold_s=float(step.params.get("hold_s", 0.5)))

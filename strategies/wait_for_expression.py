"""Wait until a JavaScript expression of the map is truthy."""

import anyio

from harness.navigation import Cause, Miss, Step, StepContext, StepError, strategy


@strategy("wait_for_expression", requires=("expression",))
async def wait_for_expression(ctx: StepContext, step: Step) -> None:
    """`expression`: promises are awaited; one that throws counts as false, and the last error is told."""
    while True:
        seen = "the expression is false"
        try:
            if await ctx.page.holds(str(step.params["expression"]), step.place.frame):
                return
        except StepError as error:
            if error.cause is not Cause.EXPRESSION_FAILED:
                raise
            seen = error.why
        ctx.page.last_miss = Miss(Cause.EXPRESSION_FAILED, seen)
        await anyio.sleep(0.05)

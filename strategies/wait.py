"""Wait a given time: the last resort, where no gate can say what is waited for."""

import anyio

from harness.navigation import Step, StepContext, strategy


@strategy("wait")
async def wait(ctx: StepContext, step: Step) -> None:  # noqa: ARG001 - the signature of every strategy
    """`duration_s`: seconds, within the step's timeout (a step's `delay_s` does the same after any action)."""
    await anyio.sleep(float(step.params.get("duration_s", 0)))

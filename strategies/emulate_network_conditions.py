"""Throttle the network as recorded."""

from harness.navigation import Step, StepContext, strategy


@strategy("emulate_network_conditions", requires=("download_bytes_per_s", "upload_bytes_per_s", "latency_s"))
async def emulate_network_conditions(ctx: StepContext, step: Step) -> None:
    """Rates in bytes per second (negative: unlimited), latency in seconds; lasts until told otherwise."""
    p = step.params
    await ctx.page.emulate_network(p["download_bytes_per_s"], p["upload_bytes_per_s"], p["latency_s"])

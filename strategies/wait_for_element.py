"""Wait until as many elements as recorded are there."""

import operator

import anyio

from harness.navigation import Cause, Miss, Step, StepContext, strategy

COMPARE = {">=": operator.ge, "==": operator.eq, "<=": operator.le}


@strategy("wait_for_element", requires=("selectors",))
async def wait_for_element(ctx: StepContext, step: Step) -> None:
    """`operator` and `count` (>= 1) of visible elements whose `properties` and `attributes` are all equal.

    `visible: false` waits for the opposite, as recordings mean it: hidden will do as well as gone.
    """
    params = step.params
    wanted, compare = int(params.get("count", 1)), COMPARE[params.get("operator", ">=")]
    properties, attributes = params.get("properties") or {}, params.get("attributes") or {}
    goal = ("" if params.get("visible", True) else "not ") + f"{params.get('operator', '>=')} {wanted}"
    while True:
        found = await ctx.page.survey(step.place, list(properties), list(attributes))
        count = sum(
            item["visible"]
            and all(item["properties"].get(name) == value for name, value in properties.items())
            and all(item["attributes"].get(name) == value for name, value in attributes.items())
            for item in found
        )
        if compare(count, wanted) == params.get("visible", True):
            return
        ctx.page.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, f"{count} visible elements fit; waited for is {goal}")
        await anyio.sleep(0.05)

"""Verification gates: conditions that must come true before or after a step, within its deadline."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from harness.basics.failures import Cause
from harness.navigation.errors import StepError
from harness.navigation.map import Gate, Place
from harness.navigation.page import Miss, Page

POLL_S = 0.03


async def holds(page: Page, gate: Gate) -> bool:
    """Whether the gate is open now; an expression that throws is a closed gate, prose is always open."""
    match gate.kind:
        case "prose":
            return True
        case "selector":
            return any(found["visible"] for found in await page.survey(Place(selectors=((gate.value,),))))
        case "url":
            return page.url.startswith(gate.value)
        case "expression":
            try:
                return await page.holds(gate.value)
            except StepError as error:
                if error.cause is Cause.EXPRESSION_FAILED:
                    return False
                raise


async def wait_open(page: Page, gates: Sequence[Gate]) -> None:
    """Return when all gates are open at once; the page's `last_miss` says which one is closed, for the deadline's error."""
    while True:
        closed = None
        for gate in gates:
            if not await holds(page, gate):
                closed = gate
                break
        if closed is None:
            return
        page.last_miss = Miss(Cause.GATE_FAILED, f"the {closed.kind} gate is closed: {closed.value}")
        await anyio.sleep(POLL_S)

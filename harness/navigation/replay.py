"""Replaying a map: phase after phase, step after step through the chain; conditionals may jump, within a bound."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.navigation.chain import LINKS, StepRun, fold
from harness.navigation.context import StepContext
from harness.navigation.errors import PathUnusableError, StepError
from harness.navigation.map import NavigationMap, Phase, Step
from harness.navigation.registry import StrategyRegistry
from harness.telemetry.correlation import correlated, new_span_id

MAX_VISITS = 100
"""How often one step may be reached in one spin: the bound of every loop that conditionals make."""


class Replay:
    """One map on one page. `position` tells where it is, for the live view."""

    def __init__(self, path: NavigationMap, ctx: StepContext, registry: StrategyRegistry) -> None:
        self._path = path
        self._ctx = ctx
        self._registry = registry
        self._chain = fold(LINKS)
        self._plan: list[tuple[Phase, Step]] = list(path.steps())
        self._index = {step.id: number for number, (_, step) in enumerate(self._plan)}
        self._visits: Counter[str] = Counter()
        self._marked = any(step.commits for _, step in self._plan)
        self._effects_before: int | None = None
        self.position = ("", "")

    @property
    def may_have_committed(self) -> bool:
        """Whether a command with an effect was sent since a step that `commits` was reached; in a map that marks none,
        since any step was."""
        return self._effects_before is not None and self._ctx.page.effects > self._effects_before

    async def run(self) -> None:
        """Run all steps; raises the OperationError of the step that failed. Held keys are released in any case."""
        number = 0
        try:
            while number < len(self._plan):
                number = await self._run_phase(number)
        finally:
            with anyio.CancelScope(shield=True), anyio.move_on_after(1.0):
                await self._release_keys()

    async def _release_keys(self) -> None:
        try:
            await self._ctx.page.release_keys()
        except OperationError as error:
            self._ctx.log.info("step.drift", field="held keys", expected="released", found=error.what)

    async def _run_phase(self, number: int) -> int:
        """Run steps for as long as they belong to the phase at `number`; returns the number to go on with."""
        phase = self._plan[number][0]
        started_ns = time.monotonic_ns()
        outcome = "cancelled"
        with correlated(phase=phase.name, span_id=new_span_id()):
            try:
                with anyio.move_on_after(phase.deadline_s) as scope:
                    while number < len(self._plan) and self._plan[number][0] is phase:
                        number = await self._run_step(number)
                if scope.cancelled_caught:
                    raise StepError(
                        f"phase {phase.name} did not finish within {phase.deadline_s:g} s",
                        why=f"it was at step {self.position[1]}",
                        cause=Cause.STEP_TIMEOUT,
                        may_have_happened=True,
                        phase=phase.name,
                        step_id=self.position[1],
                        operation="phase",
                    )
                outcome = "ok"
            except OperationError as error:
                outcome = error.root_cause.value
                raise
            finally:
                self._ctx.log.info(
                    "phase.completed", duration_ms=(time.monotonic_ns() - started_ns) / 1e6, outcome=outcome
                )
        return number

    async def _run_step(self, number: int) -> int:
        phase, step = self._plan[number]
        self.position = (phase.name, step.id)
        self._visits[step.id] += 1
        if self._effects_before is None and (step.commits or not self._marked):
            self._effects_before = self._ctx.page.effects
        if self._visits[step.id] > MAX_VISITS:
            raise PathUnusableError(
                f"step {step.id} was reached more than {MAX_VISITS} times",
                why="conditionals make a loop that does not end",
                cause=Cause.STEP_INVALID,
                **self._where(phase, step),
            )
        chosen = self._registry.get(step.action)
        if chosen is None:
            raise PathUnusableError(
                f"no strategy for {step.action!r}", cause=Cause.STEP_INVALID, **self._where(phase, step)
            )
        timeout_s = step.timeout_s or self._path.timeout_s or self._ctx.timeout_s
        run = StepRun(phase, step, chosen, self._ctx, timeout_s)
        await self._chain(run)
        return number + 1 if run.goto is None else self._index[run.goto]

    @staticmethod
    def _where(phase: Phase, step: Step) -> dict[str, Any]:
        return {"phase": phase.name, "step_id": step.id, "operation": f"step.{step.action}"}

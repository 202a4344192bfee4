"""The chain around every step, outermost first: observe → own → retry → deadline → verify entry → act → verify exit →
decide.

Each link is a function of (run, inner) that does its part and awaits the rest; the chain is those functions folded from
right to left, so that a link can be taken out, or one added, without another knowing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.errors import ConnectionLostError, SessionDetachedError
from harness.coordination.errors import LeaseLostError
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.gates import wait_open
from harness.navigation.map import Phase, Step
from harness.navigation.registry import Strategy
from harness.telemetry.correlation import correlated, new_span_id

RESUMES = 3
"""How often one step may be run again after lost connections that cannot have had an effect."""


_HOPELESS = frozenset({Cause.STRATEGY_DEFECT, Cause.STEP_INVALID, Cause.URL_REFUSED})
"""What no repetition mends."""


@dataclass
class StepRun:
    """One step being run: what it is, in which context, and at which attempt. `goto`: the step to go on at, or None for
    the next one."""

    phase: Phase
    step: Step
    strategy: Strategy
    ctx: StepContext
    timeout_s: float
    attempt: int = 1
    goto: str | None = None


Inner = Callable[[StepRun], Awaitable[None]]
Link = Callable[[StepRun, Inner], Awaitable[None]]


async def observe(run: StepRun, inner: Inner) -> None:
    """Bind the step's correlation, time it, and make sure that whatever goes wrong has a cause."""
    started_ns = time.monotonic_ns()
    outcome = "cancelled"
    with correlated(step_id=run.step.id, span_id=new_span_id()):
        try:
            await inner(run)
            outcome = "ok"
        except OperationError as error:
            error.context.setdefault("step_id", run.step.id)
            error.context.setdefault("phase", run.phase.name)
            error.context.setdefault("operation", f"step.{run.step.action}")
            outcome = error.root_cause.value
            raise
        except Exception as error:
            outcome = Cause.STRATEGY_DEFECT.value
            raise StepError(
                f"the strategy {run.step.action!r} failed",
                why=f"{type(error).__name__}: {error}",
                todo=f"mend {run.strategy.module}",
                cause=Cause.STRATEGY_DEFECT,
                may_have_happened=True,
                step_id=run.step.id,
                phase=run.phase.name,
                operation=f"step.{run.step.action}",
            ) from error
        finally:
            run.ctx.log.info(
                "step.completed",
                action=run.step.action,
                duration_ms=(time.monotonic_ns() - started_ns) / 1e6,
                outcome=outcome,
                attempt=run.attempt,
            )


async def own(run: StepRun, inner: Inner) -> None:
    """Take the scope that the strategy holds before the step; give back the one it releases after it."""
    holds, kind = run.ctx.holds, run.strategy.holds or run.strategy.releases
    if kind is not None and not holds.holding(kind):
        await holds.take(kind)
    await inner(run)
    if run.strategy.releases is not None:
        await holds.give_back(run.strategy.releases)
    await run.ctx.commit()


async def retry(run: StepRun, inner: Inner) -> None:
    """Run a step again where that is safe: as often as the map says after a failure of the page, and after a lost
    connection only when nothing with an effect was sent in this attempt. A step that commits is never run again after
    an effect."""
    resumes = 0
    while True:
        effects = run.ctx.page.effects
        try:
            await inner(run)
            return
        except (ConnectionLostError, SessionDetachedError, LeaseLostError) as error:
            if error.may_have_happened or run.ctx.page.effects != effects or resumes >= RESUMES:
                error.may_have_happened = run.ctx.page.effects != effects or error.may_have_happened
                raise
            resumes += 1
            await run.ctx.restore()
        except StepError as error:
            committed = run.step.commits and run.ctx.page.effects != effects
            if run.attempt > run.step.retries or committed or error.cause in _HOPELESS:
                raise
            run.attempt += 1


async def deadline(run: StepRun, inner: Inner) -> None:
    """One deadline around the whole attempt; its error tells what was waited for."""
    run.ctx.page.last_miss = None
    with anyio.move_on_after(run.timeout_s) as scope:
        await inner(run)
    if scope.cancelled_caught:  # a TimeoutError of the strategy's own is none of this deadline
        miss = run.ctx.page.last_miss
        raise StepError(
            f"step {run.step.id} ({run.step.action}) did not finish within {run.timeout_s:g} s",
            why=miss.text if miss else "the page did not answer in time",
            cause=_timeout_cause(run, miss.cause if miss else Cause.STEP_TIMEOUT),
            may_have_happened=True,
            url=run.ctx.page.url,
        )


def _timeout_cause(run: StepRun, cause: Cause) -> Cause:
    """A gate that stays closed at the end of a phase that logs in is a rejected login, whatever the page shows."""
    is_last = run.phase.steps[-1].id == run.step.id
    return Cause.LOGIN_REJECTED if cause is Cause.GATE_FAILED and run.phase.credential and is_last else cause


async def verify_entry(run: StepRun, inner: Inner) -> None:
    """The entry gates must open before the step acts."""
    if run.step.entry:
        await wait_open(run.ctx.page, run.step.entry)
    await inner(run)


async def act(run: StepRun, inner: Inner) -> None:
    """The strategy itself, and the navigation that the recording saw it cause."""
    page, asserted = run.ctx.page, run.step.asserted
    before = page.navigations
    await run.strategy.run(run.ctx, run.step)
    if asserted is not None:
        await page.wait_navigation(before)
        for field, expected, found in (
            ("url", asserted.url, page.url),
            ("title", asserted.title, await page.title() if asserted.title else ""),
        ):
            if expected and expected != found:
                run.ctx.log.warning("step.drift", field=field, expected=expected, found=found)
    if run.step.delay_s:
        await anyio.sleep(run.step.delay_s)
    await inner(run)


async def verify_exit(run: StepRun, inner: Inner) -> None:
    """The exit gates must open after the step acted."""
    if run.step.exit:
        await wait_open(run.ctx.page, run.step.exit)
    await inner(run)


async def decide(run: StepRun, inner: Inner) -> None:
    """Evaluate the step's conditional, and note where to go on."""
    conditional = run.step.conditional
    if conditional is not None:
        result = await run.ctx.page.holds(conditional.expression)
        run.goto = conditional.on_true if result else conditional.on_false
        run.ctx.log.info("step.branched", result=result, goto=run.goto or "")
    await inner(run)


async def _done(_run: StepRun) -> None:
    """The end of the chain."""


LINKS: tuple[Link, ...] = (observe, own, retry, deadline, verify_entry, act, verify_exit, decide)
"""The chain of the house, outermost first."""


def fold(links: Sequence[Link]) -> Inner:
    """One function out of the links: the first is the outermost."""

    def around(inner: Inner, link: Link) -> Inner:
        return partial(_call, link, inner)

    end: Inner = _done
    return reduce(around, reversed(links), end)


async def _call(link: Link, inner: Inner, run: StepRun) -> None:
    await link(run, inner)

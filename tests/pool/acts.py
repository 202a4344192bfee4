"""What a worker's tests do with a world (conftest.py): strategies by behaviour, stopping a worker, and what is read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio

from harness.basics.failures import Cause
from harness.navigation.context import StepContext
from harness.navigation.errors import StepError
from harness.navigation.map import Step
from harness.pool.states import WorkerState

Act = Callable[[StepContext, Step], Any]


def failing(may_have_happened: bool = True, times: int = 10**9) -> Act:
    """A strategy that fails the first `times` times."""
    left = [times]

    async def act(ctx: StepContext, step: Step) -> None:
        if left[0]:
            left[0] -= 1
            ctx.page.effects += may_have_happened
            raise StepError("failed", cause=Cause.NET_ERROR, may_have_happened=may_have_happened)

    return act


def ordering(world: Any) -> Act:
    """A strategy with an effect on the site."""

    async def act(ctx: StepContext, step: Step) -> None:
        world.commit_effect(ctx)

    return act


async def nothing(ctx: StepContext, step: Step) -> None:
    """A strategy that does nothing."""


async def acting(ctx: StepContext, step: Step) -> None:
    """A strategy that sends something with an effect, which the site does not record."""
    ctx.page.effects += 1


async def acting_forever(ctx: StepContext, step: Step) -> None:
    """A strategy that sends something with an effect and never ends."""
    ctx.page.effects += 1
    await anyio.sleep_forever()


async def forever(ctx: StepContext, step: Step) -> None:
    """A strategy that never ends."""
    await anyio.sleep_forever()


def ends(world: Any) -> list[tuple[str, str]]:
    return [(event["outcome"], event["committed"]) for event in world.events("spin.ended")]


def containments(world: Any) -> list[str]:
    return [event["containment"] for event in world.events("failure.recorded")]


async def stop_when_blocked(world: Any) -> None:
    """Run a worker until nothing moves any more, then stop it as the end of a run does."""
    worker = world.worker()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert worker.state is WorkerState.STOPPED

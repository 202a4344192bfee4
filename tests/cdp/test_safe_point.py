from __future__ import annotations

import anyio
import pytest

from harness.cdp.safe_point import SafePoint


async def test_a_restart_waits_for_what_works_and_what_is_new_waits_for_the_restart() -> None:
    point, order, finish = SafePoint(), [], anyio.Event()

    async def work(name: str, until: anyio.Event | None = None) -> None:
        async with point.working():
            order.append(f"{name} begins")
            if until is not None:
                await until.wait()
            order.append(f"{name} ends")

    async def restart() -> None:
        assert await point.quiesce(60)
        order.append("restart")
        await anyio.wait_all_tasks_blocked()
        point.resume()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work, "old", finish)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(restart)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(work, "new")
        await anyio.wait_all_tasks_blocked()
        assert not point.is_open
        finish.set()
    assert order == ["old begins", "old ends", "restart", "new begins", "new ends"]


async def test_a_restart_that_would_take_too_long_to_come_to_is_given_up_and_work_goes_on() -> None:
    point, finish = SafePoint(), anyio.Event()

    async def work() -> None:
        async with point.working():
            await finish.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        assert not await point.quiesce(0)
        assert point.is_open
        finish.set()


async def test_work_that_fails_or_is_cancelled_has_left() -> None:
    point = SafePoint()
    with pytest.raises(ValueError, match="broken"):
        async with point.working():
            raise ValueError("broken")
    with anyio.move_on_after(0):
        async with point.working():
            await anyio.sleep_forever()
    assert await point.quiesce(60)


async def test_a_restart_that_is_cancelled_while_it_waits_leaves_the_gate_open() -> None:
    point, finish = SafePoint(), anyio.Event()

    async def work() -> None:
        async with point.working():
            await finish.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work)
        await anyio.wait_all_tasks_blocked()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await point.quiesce(60)
        assert point.is_open
        finish.set()

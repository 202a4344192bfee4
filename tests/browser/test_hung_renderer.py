"""A page that loops for ever, on a real browser: told from a slow one, closed, and its owner is told first."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from harness.cdp.errors import CdpError, CommandTimeoutError
from harness.cdp.renderer_watch import RendererPolicy, RendererWatch
from tests.browser.managed import Told, evaluate, managed, new_page, new_target


@pytest.mark.parametrize("transport", ["websocket", "pipe"])
async def test_a_page_that_loops_for_ever_is_closed_and_another_one_is_not(browser_path: Path, transport: str) -> None:
    told = Told()
    async with managed(browser_path, told, transport=transport) as manager:
        connection = await manager.ready()
        looping, sound = await new_page(connection), await new_page(connection)
        with pytest.raises(CommandTimeoutError):
            await evaluate(looping, "for (;;) {}", timeout_s=0.5)
        hung: list[str] = []
        watch = RendererWatch(
            connection, RendererPolicy(deadline_s=2.0, misses=2), lambda session: hung.append(session.scope)
        )
        await watch.ask_all()
        assert hung == []
        await watch.ask_all()
        assert hung == [looping.session.scope]
        with anyio.fail_after(30):
            while looping.session.make_error is None:
                await anyio.sleep(0.01)
        with pytest.raises(CdpError, match="was not sent"):
            await evaluate(looping, "1")
        assert await evaluate(sound, "6 * 7") == 42
        assert await new_target(connection)

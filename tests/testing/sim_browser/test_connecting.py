from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.errors import ConnectionLostError
from harness.navigation.errors import StepError
from harness.testing.sim_browser import Document, Fault, SimBrowser, connected, open_page

GUIDE = Path(__file__).parents[3] / "docs" / "sim-browser.md"
SHOP = "http://shop.test/"


def _shop(*faults: Fault) -> SimBrowser:
    return SimBrowser(site={SHOP: Document(title="Shop", expressions={"cart.total": 12.5})}, faults=faults)


async def test_the_harness_own_page_navigates_and_evaluates() -> None:
    async with connected(_shop()) as connection:
        page = await open_page(connection)
        await page.navigate(SHOP)
        assert (page.url, await page.title(), await page.evaluate("cart.total")) == (SHOP, "Shop", 12.5)
        await page.close()


async def test_its_dialogs_are_answered_and_its_steps_fail_as_on_a_real_page() -> None:
    async with connected(_shop(Fault(kind="net_error", at="Page.navigate"))) as connection:
        page = await open_page(connection)
        with pytest.raises(StepError) as refused:
            await page.navigate(SHOP)
        assert refused.value.root_cause is Cause.NET_ERROR
        await page.navigate(SHOP)
        with pytest.raises(StepError, match="threw"):
            await page.evaluate("cart.nothing")


async def test_a_second_connection_finds_the_page_again() -> None:
    browser = _shop(Fault(kind="socket_drop", at="Runtime.evaluate"))
    async with connected(browser) as connection:
        page = await open_page(connection)
        await page.navigate(SHOP)
        with pytest.raises(ConnectionLostError):
            await page.evaluate("window.kept = 42")
    async with connected(browser, generation=2) as connection:
        await page.aim(connection, ())
        assert await page.evaluate("window.kept") == 42


async def test_a_fence_of_ones_own_is_asked() -> None:
    class Closed:
        def check(self, scope: str, guards: Any, method: str) -> None:
            raise OperationError(f"{method} refused", cause=Cause.OWNERSHIP_VIOLATION)

    async with connected(_shop(), fence=Closed()) as connection:
        with pytest.raises(OperationError, match="refused"):
            await open_page(connection)
    assert connection.lost_reason == "closed in order"


async def test_the_example_of_the_guide_passes() -> None:
    scope: dict[str, Any] = {"__name__": "guide"}
    source = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
    exec(source, scope)
    await scope["test_a_crash_in_the_middle_costs_one_more_look"]()

"""How a site learns whose spin a request is, while the harness has lost its connection to the browser."""

from __future__ import annotations

from pathlib import Path

from harness.coordination.leases import Coordinator
from harness.pool.plan import SpinNaming
from harness.pool.tab import Tab
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink
from tests.browser.live import DataSite, running_browser


async def test_a_request_made_while_the_connection_is_lost_carries_the_spin_in_its_cookie(
    browser_path: Path, data_site: DataSite
) -> None:
    """The order that a click has already begun is posted later than the socket's end: the header went with the session."""
    log = Telemetry(ListSink(), run_id="run-test").log
    coordinator = Coordinator(log, run_id="run-test")
    lost = {"fence": coordinator, "on_connection_lost": coordinator.revoke_browser}
    data_site.put("/order", "ordered")
    page = data_site.put(
        "/", "<script>addEventListener('armed', () => setTimeout(() => fetch('/order'), 400))</script>"
    )
    async with running_browser(browser_path, **lost) as manager:
        tab = Tab(
            worker_id="w1",
            manager=manager,
            coordinator=coordinator,
            log=log,
            allowed_origins=frozenset({data_site.origin}),
            lock_timeout_s=10,
        )
        await tab.begin(None)
        await tab.name_spin(SpinNaming("x-spin", "spin"), "spin-7")
        await tab.page.navigate(page)
        named = data_site.headers["/"]
        assert (named["x-spin"], named["Cookie"]) == ("spin-7", "spin=spin-7")
        assert not tab.lost_session
        await tab.page.evaluate("dispatchEvent(new Event('armed'))")
        connection = tab.page.session.connection
        connection.abort()
        await connection.ended.wait()
        assert tab.lost_session
        await data_site.requested("/order")
        assert data_site.headers["/order"]["Cookie"] == "spin=spin-7"
        await tab.discard()

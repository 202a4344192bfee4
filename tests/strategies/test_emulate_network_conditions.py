"""The recorded throttling is emulated."""

from __future__ import annotations

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.emulate_network_conditions import emulate_network_conditions


async def test_rates_and_latency_arrive(page: FakePage, ctx: FakeContext) -> None:
    params = {"download_bytes_per_s": 1e5, "upload_bytes_per_s": -1, "latency_s": 0.1}
    await emulate_network_conditions.run(ctx, Step("s", "emulate_network_conditions", params))
    assert page.calls == [("emulate_network", 1e5, -1, 0.1)]


def test_a_latency_of_nothing_is_given() -> None:
    params = {"download_bytes_per_s": 0, "upload_bytes_per_s": 0, "latency_s": 0}
    assert emulate_network_conditions.missing(Step("s", "emulate_network_conditions", params)) == []

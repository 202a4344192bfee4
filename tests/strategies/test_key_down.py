"""key_down sends one half of a keystroke."""

from __future__ import annotations

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.key_down import key_down


async def test_one_half_of_the_keystroke_is_sent(page: FakePage, ctx: FakeContext) -> None:
    await key_down.run(ctx, Step("s", "key_down", {"key": "Shift"}))
    assert page.calls == [("key", "down", "Shift")]
    assert key_down.missing(Step("s", "key_down")) == ["key"]

"""key_up sends one half of a keystroke."""

from __future__ import annotations

from harness.navigation import Step
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.key_up import key_up


async def test_one_half_of_the_keystroke_is_sent(page: FakePage, ctx: FakeContext) -> None:
    await key_up.run(ctx, Step("s", "key_up", {"key": "Shift"}))
    assert page.calls == [("key", "up", "Shift")]
    assert key_up.missing(Step("s", "key_up")) == ["key"]

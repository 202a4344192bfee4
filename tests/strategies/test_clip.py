"""Clip puts a text on the clipboard and says which scope it needs."""

from __future__ import annotations

from harness.navigation import Step, Text
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.clip import clip


async def test_a_secret_is_clipped_by_reference_and_its_use_is_told(page: FakePage, ctx: FakeContext) -> None:
    await clip.run(ctx, Step("s", "clip", text=Text(credential="secret")))
    assert page.calls == [("write_clipboard", "hush")]
    (used,) = ctx.events("secret.used")
    assert (used["reference"], used["action"]) == ("test", "clip")
    assert b"hush" not in b"".join(line for _, line in ctx.sink.lines)


def test_the_clipboard_is_held_from_the_clip_on() -> None:
    assert clip.holds == "clipboard"
    assert clip.missing(Step("s", "clip")) == ["text"]

"""The page is given the identity; what it does with it is tests/browser/faults/test_pages.py's."""

from __future__ import annotations

from harness.navigation import Step, Text
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage
from strategies.authenticate import authenticate


async def test_the_credential_of_the_spin_is_given_to_the_page_and_its_use_is_told(page: FakePage) -> None:
    ctx = FakeContext(page, account="ada", secret="hush")
    await authenticate.run(ctx, Step("s", "authenticate", text=Text(credential="secret")))
    assert page.calls == [("authenticate", "ada", "hush")]
    assert [told["action"] for told in ctx.events("secret.used")] == ["authenticate"]


async def test_without_a_credential_the_step_names_the_account(page: FakePage) -> None:
    ctx = FakeContext(page)
    await authenticate.run(ctx, Step("s", "authenticate", {"account": "guest"}, text=Text("open")))
    assert page.calls == [("authenticate", "guest", "open")]

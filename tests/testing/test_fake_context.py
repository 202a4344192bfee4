"""The step's world keeps what it was given."""

from __future__ import annotations

import pytest

from harness.basics.errors import OperationError
from harness.navigation import Step, Text
from harness.telemetry.correlation import correlated
from harness.testing.fake_context import FakeContext, FakeHolds
from harness.testing.fake_page import FakePage


async def test_events_are_read_back_with_their_fields_and_ids() -> None:
    ctx = FakeContext(FakePage())
    with correlated(step_id="s1"):
        ctx.log.info("step.branched", result=True, goto="s3")
    (event,) = ctx.events("step.branched")
    assert (event["step_id"], event["goto"]) == ("s1", "s3")


async def test_the_credential_is_there_when_an_account_is_given() -> None:
    ctx = FakeContext(FakePage(), account="ada", secret="hush")
    assert ctx.text(Step("s", "type", text=Text(credential="account"))) == "ada"
    assert ctx.text(Step("s", "type", text=Text(credential="secret"))) == "hush"
    assert FakeContext(FakePage()).credential is None


async def test_a_scope_is_given_back_only_by_who_holds_it() -> None:
    holds = FakeHolds()
    await holds.take("clipboard")
    await holds.give_back("clipboard")
    assert holds.history == [("take", "clipboard"), ("give back", "clipboard")]
    with pytest.raises(OperationError):
        await holds.give_back("clipboard")

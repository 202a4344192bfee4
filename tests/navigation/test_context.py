"""What a step enters comes from its literal, the account or the secret; only the reference is ever told."""

from __future__ import annotations

import pytest

from harness.basics.failures import Cause
from harness.navigation.errors import PathUnusableError
from harness.navigation.map import Step, Text
from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage


@pytest.mark.parametrize(
    ("text", "expected"),
    [(Text("milk"), "milk"), (Text(""), ""), (Text(credential="account"), "ada"), (Text(credential="secret"), "hush")],
)
def test_each_kind_of_text_is_found(ctx: FakeContext, text: Text, expected: str) -> None:
    assert ctx.text(Step("s", "type", text=text)) == expected


def test_only_the_use_of_a_secret_is_audited(ctx: FakeContext) -> None:
    ctx.text(Step("s", "type", text=Text(credential="account")))
    assert ctx.events("secret.used") == []
    ctx.text(Step("s", "type", text=Text(credential="secret")))
    assert ctx.events("secret.used")[0]["reference"] == "test"


@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (Step("s", "type"), Cause.STEP_INVALID),
        (Step("s", "type", text=Text(credential="secret")), Cause.SECRET_UNAVAILABLE),
    ],
)
def test_what_is_missing_has_its_cause(step: Step, cause: Cause) -> None:
    with pytest.raises(PathUnusableError) as refused:
        FakeContext(FakePage()).text(step)
    assert refused.value.root_cause is cause

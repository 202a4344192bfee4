"""A page and a context for the tests of strategies."""

from __future__ import annotations

import pytest

from harness.testing.fake_context import FakeContext
from harness.testing.fake_page import FakePage


@pytest.fixture
def page() -> FakePage:
    return FakePage()


@pytest.fixture
def ctx(page: FakePage) -> FakeContext:
    return FakeContext(page, account="ada", secret="hush")

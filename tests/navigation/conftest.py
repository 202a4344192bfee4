"""A page and a context without a browser."""

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

"""Fixtures of the readers' tests: read a value as if it stood in a file, and see which repairs that took."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.navigation.readers import ReadMap, read_map_bytes

Reading = Callable[..., ReadMap]


@pytest.fixture
def read() -> Reading:
    """Read a JSON value, a text or bytes."""

    def read(content: Any, source: str = "maps/checkout.json") -> ReadMap:
        if isinstance(content, bytes):
            return read_map_bytes(content, source)
        return read_map_bytes((content if isinstance(content, str) else json.dumps(content)).encode(), source)

    return read


@pytest.fixture
def codes() -> Callable[[ReadMap], list[str]]:
    """The codes of the drift lines, in order."""
    return lambda result: [line.code for line in result.drift]

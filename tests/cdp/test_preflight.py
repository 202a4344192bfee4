from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from harness.basics.errors import EnvironmentLacksError
from harness.basics.exit_codes import ExitCode
from harness.cdp import preflight
from harness.cdp.preflight import Room, descriptors_needed, look, make_room


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """The limits of this process, as a list whose last entry counts: none is really changed."""
    set_to = [(256, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _which: set_to[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _which, pair: set_to.append(pair))
    return set_to


def test_what_is_enough_is_left_alone(limits: list[tuple[int, int]]) -> None:
    assert make_room(2).descriptors == 256
    assert len(limits) == 1


def test_a_soft_limit_that_is_too_low_is_raised_as_far_as_needed(limits: list[tuple[int, int]]) -> None:
    assert make_room(20).descriptors == descriptors_needed(20) == 520
    assert limits[-1] == (520, 4096)


def test_a_hard_limit_that_is_too_low_is_told_before_the_start(limits: list[tuple[int, int]]) -> None:
    limits.append((256, 300))
    with pytest.raises(EnvironmentLacksError, match="a browser with 20 pages needs about 520") as caught:
        make_room(20)
    assert caught.value.exit_code is ExitCode.ENVIRONMENT
    assert "ulimit -n 520" in caught.value.todo
    assert limits[-1] == (256, 300)


def test_no_limit_is_enough_for_everything(limits: list[tuple[int, int]]) -> None:
    limits.append((resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert make_room(1000).descriptors > 100_000


@pytest.mark.parametrize(("free", "small"), [(None, True), (64 * 2**20, True), (2**30, False)])
def test_shared_memory_is_small_below_what_pages_use(free: int | None, small: bool) -> None:
    assert Room(1024, 4096, free).shared_memory_is_small is small


def test_a_machine_without_shared_memory_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_path: str) -> os.statvfs_result:
        raise FileNotFoundError

    monkeypatch.setattr(preflight.os, "statvfs", missing)
    assert look().shared_memory_bytes is None

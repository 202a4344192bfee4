from __future__ import annotations

from typing import Any, cast

import anyio
import msgspec
import pytest

from harness.burnin.faults import PlannedFault, inject
from harness.cdp.lifecycle import CdpLifecycleManager


def cast_all(managers: list[Any]) -> list[CdpLifecycleManager]:
    return cast("list[CdpLifecycleManager]", managers)


async def test_faults_happen_at_their_times_whatever_their_order_in_the_profile(world: Any) -> None:
    first, second = world.managers[0], type(world.managers[0])("b2")
    faults = [
        PlannedFault(at_s=0.04, kind="kill", browser=2),
        PlannedFault(at_s=0.0, kind="cut"),
        PlannedFault(at_s=0.02, kind="cut", browser=2),
    ]
    started_s = anyio.current_time()
    await inject(faults, cast_all([first, second]))
    assert [kind for kind, _ in first.faults] == ["cut"]
    assert [kind for kind, _ in second.faults] == ["cut", "kill"]
    for (_, at_s), due_s in zip(second.faults, (0.02, 0.04), strict=True):
        assert at_s - started_s >= due_s


async def test_without_faults_it_returns_at_once(world: Any) -> None:
    await inject([], cast_all(world.managers))
    assert world.managers[0].faults == []


async def test_a_fault_whose_time_has_not_come_is_not_made(world: Any) -> None:
    with anyio.move_on_after(0.01):
        await inject([PlannedFault(at_s=60, kind="cut")], cast_all(world.managers))
    assert world.managers[0].faults == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_s": -1.0, "kind": "cut"},
        {"at_s": float("nan"), "kind": "cut"},
        {"at_s": 1.0, "kind": "hang"},
        {"at_s": 1.0, "kind": "cut", "browser": 0},
    ],
)
def test_a_fault_that_cannot_be_made_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, PlannedFault)

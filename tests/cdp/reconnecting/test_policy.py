from __future__ import annotations

import pytest

from harness.cdp.reconnecting.policy import ReconnectPolicy


def test_a_measured_capacity_bounds_the_release_at_nine_tenths() -> None:
    assert ReconnectPolicy(release_per_s=50).fleet_release_per_s == 50
    assert ReconnectPolicy(release_per_s=50, capacity_per_s=100).fleet_release_per_s == 50
    assert ReconnectPolicy(release_per_s=50, capacity_per_s=40).fleet_release_per_s == pytest.approx(36)


def test_hosts_share_the_release() -> None:
    assert ReconnectPolicy(release_per_s=50, hosts=4).host_release_per_s == 12.5


def test_a_cycle_has_room_for_the_fleet_and_is_not_shorter_than_the_cap() -> None:
    policy = ReconnectPolicy(scheme="cohort-slots", release_per_s=50, slot_s=0.5, cap_s=5.0, fleet_size=1000)
    assert policy.slots(4) == 40
    assert ReconnectPolicy(slot_s=0.5, cap_s=5.0).slots(10) == 10
    assert ReconnectPolicy(slot_s=0.5, cap_s=0.0).slots(1) == 1


def test_a_coordinator_is_needed_for_gates_and_for_budgets_alone() -> None:
    free = {"host_retries_per_min": 0.0, "fleet_retries_per_min": 0.0}
    assert ReconnectPolicy(**free).is_coordinated
    assert not ReconnectPolicy(scheme="alone", **free).is_coordinated
    assert ReconnectPolicy(scheme="alone", host_retries_per_min=60, fleet_retries_per_min=0).is_coordinated

from __future__ import annotations

import math
import random

import pytest

from harness.cdp.reconnecting.admissions import FORGET_S, Admission, Admissions, GateMove, host_of
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.simulation import peak


def drain(admissions: Admissions, now_s: float = 0.0, outcome: str = "succeeded") -> list[tuple[float, Admission]]:
    """Admit whoever is due until nobody is, each attempt ending at once; (time, admission) in order."""
    seen = []
    while (due_s := admissions.due_at(now_s)) < math.inf:
        now_s = max(now_s, due_s)
        admission = admissions.admit(now_s)
        assert admission is not None
        seen.append((now_s, admission))
        admissions.settle(admission, outcome, now_s)  # type: ignore[arg-type]
    return seen


def test_nobody_is_due_where_nobody_waits() -> None:
    admissions = Admissions(ReconnectPolicy(), random.Random(1))
    assert (admissions.due_at(5.0), admissions.admit(5.0)) == (math.inf, None)


def test_those_who_wait_at_one_endpoint_are_released_at_the_rate() -> None:
    admissions = Admissions(ReconnectPolicy(release_per_s=50), random.Random(1))
    for worker in range(101):
        admissions.join("s:1", worker, 0.0)
    seen = drain(admissions)
    assert [admission.waiter for _, admission in seen] == list(range(101))
    assert [admission.role for _, admission in seen] == ["probe"] + ["release"] * 100
    assert seen[-1][0] - seen[0][0] == pytest.approx(2.0, abs=0.02)


def test_many_endpoints_of_one_host_are_probed_at_the_rate_too() -> None:
    admissions = Admissions(ReconnectPolicy(release_per_s=50, host_retries_per_min=0), random.Random(1))
    for port in range(200):
        admissions.join(f"s:{port}", port, 0.0)
    times = [time_s for time_s, _ in drain(admissions)]
    assert len(times) == 200
    assert peak(times) <= 6


def test_hosts_do_not_wait_for_each_other_and_endpoints_take_turns() -> None:
    admissions = Admissions(ReconnectPolicy(release_per_s=1), random.Random(1))
    for endpoint in ("a:1", "a:2", "b:1"):
        for worker in range(3):
            admissions.join(endpoint, (endpoint, worker), 0.0)
    seen = [admission.endpoint for _, admission in drain(admissions)]
    on_a = [endpoint for endpoint in seen if endpoint.startswith("a")]
    assert on_a[:4] in (["a:1", "a:2"] * 2, ["a:2", "a:1"] * 2)
    assert seen.index("b:1") < 2


def test_an_empty_budget_delays_probes_and_not_releases() -> None:
    policy = ReconnectPolicy(host_retries_per_min=6, host_retry_burst=1)
    admissions = Admissions(policy, random.Random(1))
    admissions.join("s:1", "first", 0.0)
    assert drain(admissions)[0][0] < 0.2
    for worker in range(4):
        admissions.join("s:2", worker, 1.0)
    seen = drain(admissions, 1.0)
    assert seen[0][0] == pytest.approx(10.0, abs=0.2)
    assert [admission.role for _, admission in seen] == ["probe"] + ["release"] * 3
    assert seen[-1][0] < 10.5


def test_the_fleets_budget_counts_over_all_hosts() -> None:
    policy = ReconnectPolicy(fleet_retries_per_min=60, fleet_retry_burst=2)
    admissions = Admissions(policy, random.Random(1))
    for number in range(5):
        admissions.join(f"h{number}:1", number, 0.0)
    times = [time_s for time_s, _ in drain(admissions)]
    assert times[1] < 0.2
    assert times[4] == pytest.approx(3.0, abs=0.2)


def test_without_gates_only_the_budget_holds_anybody_back() -> None:
    policy = ReconnectPolicy(scheme="alone", host_retries_per_min=600, host_retry_burst=3, fleet_retries_per_min=0)
    admissions = Admissions(policy, random.Random(1))
    for worker in range(6):
        admissions.join("s:1", worker, 0.0)
    admissions.leave("s:1", 4, 0.0)
    seen = drain(admissions)
    assert [admission.waiter for _, admission in seen] == [0, 1, 2, 3, 5]
    assert {admission.role for _, admission in seen} == {"alone"}
    assert [round(time_s, 3) for time_s, _ in seen] == [0.0, 0.0, 0.0, 0.1, 0.2]


def test_moves_are_told_with_how_many_wait() -> None:
    moves: list[GateMove] = []
    admissions = Admissions(ReconnectPolicy(), random.Random(1), moves.append)
    for worker in range(3):
        admissions.join("s:1", worker, 0.0)
    drain(admissions)
    assert [(move.to_state.value, move.waiting) for move in moves] == [
        ("open", 1), ("half_open", 2), ("releasing", 2), ("closed", 0),
    ]  # fmt: skip


def test_an_endpoint_that_nobody_used_for_long_is_forgotten() -> None:
    admissions = Admissions(ReconnectPolicy(), random.Random(1))
    for port in range(50):
        admissions.join(f"h{port}:1", port, 0.0)
    drain(admissions)
    admissions.join("other:1", "last", FORGET_S * 2)
    assert len(admissions._gates) == len(admissions._hosts) == 1


def test_the_host_is_what_stands_before_the_port() -> None:
    assert (host_of("a.example:9222"), host_of("[::1]:9222"), host_of("bare")) == ("a.example", "[::1]", "bare")

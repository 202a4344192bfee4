from __future__ import annotations

import math
import random

import pytest

from harness.cdp.reconnecting import replay as module
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.replay import replay
from harness.cdp.reconnecting.simulation import Outage, simulate

POLICIES = {
    "gentle": ReconnectPolicy(),
    "storm": ReconnectPolicy(scheme="alone", jitter="none", host_retries_per_min=0, fleet_retries_per_min=0),
}


def test_policies_are_ranked_by_what_they_do_to_the_server() -> None:
    rows = replay(POLICIES, [(200, 3.0), (1, 0.5)], random.Random)
    assert [row.profile for row in rows] == ["gentle", "storm"]
    assert rows[0].peak < 10 < rows[1].peak


def test_a_single_outage_is_what_the_simulation_says_at_its_worst() -> None:
    row = replay({"gentle": POLICIES["gentle"]}, [(30, 2.0)], random.Random, seeds=(4, 5))[0]
    runs = [simulate(POLICIES["gentle"], Outage(30, 2.0), random.Random(seed)) for seed in (4, 5)]
    assert row.t99_s == max(run.t99_s for run in runs) < math.inf
    assert row.probes == max(run.probes for run in runs)


def test_nothing_recorded_is_nothing_replayed() -> None:
    assert replay(POLICIES, [], random.Random) == []


def test_what_a_folder_says_cannot_make_it_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(module, "LONGEST_S", 5.0)
    monkeypatch.setattr(module, "MOST_OUTAGES", 2)
    cut = replay({"gentle": POLICIES["gentle"]}, [(10**12, 1e12), (10**9, -5.0), (3, 1.0)], random.Random)
    asked = replay({"gentle": POLICIES["gentle"]}, [(20, 5.0), (20, 0.0)], random.Random)
    assert cut == asked

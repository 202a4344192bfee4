"""Outcomes that nobody knows at first: a browser killed in the middle, an effect whose answer never came."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from typing import Any


def test_a_browser_killed_in_mid_run_costs_no_spin_and_counts_none_twice(harness: Any) -> None:
    process = harness.start("burn-in", "--profile", harness.profile(), "--for", "10s", "--json")
    pid = harness.wait_for_browser_pid(process)
    harness.wait_for_spins(process, 4)
    os.kill(pid, signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, out + err
    report = json.loads(out)

    row = next(row for row in report["failure_matrix"]["rows"] if row["category"] == "cdp")
    assert "browser_died" in {cause["cause"] for cause in row["causes"]}
    assert {f["status"] for f in report["findings"] if f["criterion"] == "site_agreement"} == {"pass"}

    effects = {event["spin_id"]: event["fields"]["effects"] for event in harness.events("site.recorded")}
    ended = {event["spin_id"]: event for event in harness.events("spin.ended")}
    assert set(effects.values()) == {1}
    for spin_id, event in ended.items():
        assert (spin_id in effects) == (event["fields"]["committed"] == "yes"), event
    committed_by_item = Counter(ended[spin_id]["item_id"] for spin_id in effects)
    assert max(committed_by_item.values()) == 1

    failed = [event for event in ended.values() if event["fields"]["outcome"] in {"failed", "unknown"}]
    reconciled = {event["spin_id"]: event["seq"] for event in harness.events("spin.reconciled") if event.get("spin_id")}
    requeued = {
        event["spin_id"]: event["seq"]
        for event in harness.events("item.state")
        if event["fields"]["to_state"] == "queued"
    }
    assert failed
    begun = {event["spin_id"] for event in harness.events("step.completed")}
    for event in failed:  # one that failed before its first step has nothing to be asked for
        assert event["spin_id"] in reconciled or event["spin_id"] not in begun
        if event["spin_id"] in requeued and event["spin_id"] in begun:
            assert reconciled[event["spin_id"]] < requeued[event["spin_id"]]


def test_an_effect_whose_answer_never_came_is_found_at_the_site_and_not_repeated(harness: Any) -> None:
    profile = harness.profile(change=lambda text: text.replace("step_timeout_s = 4", "step_timeout_s = 1"))
    harness(
        "run",
        "--mode",
        "sequential",
        "--profile",
        profile,
        "--path",
        "shop",
        "--misbehave",
        "lost:/shop/order",
        "--json",
    )
    (spin,) = harness.events("spin.ended")
    assert spin["fields"]["committed"] == "yes"
    (reconciled,) = harness.events("spin.reconciled")
    assert reconciled["fields"]["result"] == "committed"
    (recorded,) = harness.events("site.recorded")
    assert recorded["spin_id"] == spin["spin_id"]


def test_an_outcome_that_stays_unknown_is_counted_and_never_retried(harness: Any) -> None:
    profile = harness.profile(
        change=lambda text: text.replace("step_timeout_s = 4", "step_timeout_s = 1").replace(
            "/api/ledger", "/api/nothing"
        )
    )
    ended = harness(
        "run",
        "--mode",
        "sequential",
        "--profile",
        profile,
        "--path",
        "shop",
        "--misbehave",
        "lost:/shop/order",
        "--json",
    )
    assert ended.code in {1, 3}
    (spin,) = harness.events("spin.ended")
    assert (spin["fields"]["outcome"], spin["fields"]["committed"]) == ("unknown", "unknown")
    states = [event["fields"]["to_state"] for event in harness.events("item.state")]
    assert states == ["claimed", "unknown"]


def test_a_connection_that_is_cut_again_and_again_commits_nothing_twice_and_nothing_without_a_name(
    harness: Any,
) -> None:
    faults = "".join(
        f'[[faults]]\nat_s = {1.5 + 0.5 * number}\nkind = "cut"\nbrowser = {1 + number % 2}\n' for number in range(14)
    )
    harness("burn-in", "--profile", harness.profile(extra=faults), "--for", "9s", "--path", "shop", "--json")
    assert len(harness.events("fault.injected")) > 3
    (compared,) = harness.events("site.compared")
    assert (compared["fields"]["unnamed"], compared["fields"]["foreign"]) == (0, 0)
    assert {event["fields"]["effects"] for event in harness.events("site.recorded")} == {1}
    item_of = {event["spin_id"]: event["item_id"] for event in harness.events("spin.ended")}
    committed_by_item = Counter(item_of[event["spin_id"]] for event in harness.events("site.recorded"))
    assert set(committed_by_item.values()) == {1}
    assert not harness.events("ownership.refused")

"""The main job: a burn-in that ends GO, one that does not, and the chain from its failure to the command."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from typing import Any

CUT = """
[[faults]]
at_s = 4
kind = "cut"
browser = 1
"""


def status_of(report: dict[str, Any], criterion: str) -> set[str]:
    return {finding["status"] for finding in report["findings"] if finding["criterion"] == criterion}


def test_a_burn_in_with_a_cut_connection_ends_go_and_leaves_evidence_that_agrees_with_the_site(harness: Any) -> None:
    ended = harness("burn-in", "--profile", harness.profile(extra=CUT), "--for", "10s")
    assert ended.code == 0, ended.out + ended.err
    folder = harness.run_folder()

    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["ending"]["reason"] == "completed"
    assert manifest["options"] == {"mode": "burn-in", "duration_s": 10.0}
    assert manifest["settings"]["run"]["duration_s"] == 10.0
    assert {browser["kind"] for browser in manifest["browsers"]} <= {"headless-shell", "full"}
    assert all(browser["product"] and browser["path"] for browser in manifest["browsers"])

    report = json.loads((folder / "report.json").read_text())
    assert report["verdict"] == "GO"
    assert status_of(report, "site_agreement") == {"pass"}
    assert status_of(report, "leases_released") == {"pass"}

    suite = ElementTree.parse(folder / "junit.xml").getroot()
    assert suite.findall(".//testcase")
    assert not suite.findall(".//failure")

    html = (folder / "report.html").read_text()
    assert "<svg" in html
    assert "src=" not in html.replace('src="data:', "")

    assert [event["fields"]["kind"] for event in harness.events("fault.injected")] == ["connection_cut"]
    outcomes = [event["fields"]["outcome"] for event in harness.events("reconnect.decision")]
    assert outcomes[0] == "first wait"
    assert outcomes[-1] == "connected"
    assert "admitted" in outcomes
    gates = [event["fields"]["to_state"] for event in harness.events("reconnect.gate")]
    assert gates == ["open", "half_open", "releasing", "closed"]

    recorded = {event["spin_id"]: event["fields"]["effects"] for event in harness.events("site.recorded")}
    completed = {e["spin_id"] for e in harness.events("spin.ended") if e["fields"]["outcome"] == "completed"}
    assert completed <= recorded.keys()
    assert set(recorded.values()) == {1}
    assert str(folder / "report.html") in ended.out


def test_a_page_that_answers_500_ends_no_go_and_explain_leads_to_the_step_and_the_command(harness: Any) -> None:
    ended = harness(
        "burn-in", "--profile", harness.profile(), "--for", "8s", "--misbehave", "error500:/shop/cart", "--json"
    )
    assert ended.code == 1, ended.out + ended.err
    report = ended.json
    assert report["verdict"] == "NO-GO"

    row = next(row for row in report["failure_matrix"]["rows"] if row["category"] == "navigation")
    cause = next(cause for cause in row["causes"] if cause["cause"] == "http_error")
    assert cause["count"] > 0

    explained = harness("explain", cause["example_id"], "--json")
    assert explained.code == 0, explained.err
    events = explained.json["events"]
    (failure,) = [event for event in events if event["event"] == "failure.recorded"]
    assert failure["step_id"]
    assert failure["fields"]["operation"].startswith("step.")
    assert "500" in failure["fields"]["detail"]
    commands = [e for e in events if e["event"] == "command.completed" and e.get("step_id") == failure["step_id"]]
    assert commands
    assert all(event["command_id"] for event in commands)
    assert {event["channel"] for event in events} == {"operational", "performance", "domain", "audit"}
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)

    by_failure = harness("explain", failure["fields"]["failure_id"])
    assert by_failure.code == 0
    assert failure["step_id"] in by_failure.out


def test_too_little_data_is_inconclusive_and_never_a_pass(harness: Any) -> None:
    profile = harness.profile(change=lambda text: text.replace("min_spins = 4", "min_spins = 5000"))
    ended = harness("burn-in", "--profile", profile, "--for", "3s", "--path", "shop", "--json")
    assert ended.code == 3, ended.out + ended.err
    assert ended.json["verdict"] == "INCONCLUSIVE"


def test_the_modes_that_count_their_items_run_each_once(harness: Any) -> None:
    ended = harness("run", "--mode", "parallel", "--profile", harness.profile(), "--json")
    assert ended.code == 0, ended.out + ended.err
    done = [e for e in harness.events("item.state") if e["fields"]["to_state"] == "done"]
    assert sorted(event["path"] for event in done) == ["cabinet", "cabinet", "shop"]


def test_first_spin_is_one_guarded_spin(harness: Any) -> None:
    ended = harness("run", "--mode", "first-spin", "--profile", harness.profile(), "--path", "cabinet", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert len(harness.events("spin.started")) == 1


def test_browsers_are_renewed_in_mid_run_and_no_spin_notices(harness: Any) -> None:
    profile = harness.profile(extra="[recycle]\nafter_s = 2\ncheck_s = 0.2\n")
    ended = harness("burn-in", "--profile", profile, "--for", "8s", "--json")
    assert ended.code == 0, ended.out + ended.err
    renewed = [event for event in harness.events("browser.recycling") if event["fields"]["outcome"] == "renewed"]
    assert len(renewed) >= 2
    assert harness.events("failure.recorded") == []
    assert {event["fields"]["outcome"] for event in harness.events("spin.ended")} <= {"completed", "cancelled"}

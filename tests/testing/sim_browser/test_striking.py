"""Every fault, struck by a call or at its command: what a client is told, and what it is never told."""

from __future__ import annotations

from typing import get_args

import pytest

from harness.testing.sim_browser import Document, Fault, FaultKind, NoVictimError, SimBrowser
from tests.testing.sim_browser.talking import Talk, Timers

FOR_EVER = "new Promise(() => {})"


def _talk(*faults: Fault, timers: Timers | None = None) -> Talk:
    site = {"http://x/": Document(title="X")}
    return Talk(SimBrowser(site=site, faults=faults, later=(timers or Timers()).later))


@pytest.mark.parametrize(("when", "kept"), [("before", None), ("after", 42)])
def test_a_socket_that_drops_at_a_command_leaves_its_effect_or_none(when: str, kept: object) -> None:
    talk = _talk(Fault(kind="socket_drop", at="Runtime.evaluate", when=when))  # type: ignore[arg-type]
    target, session = talk.page()
    sent = talk.send("Runtime.evaluate", session, expression="window.kept = 42")
    assert (talk.dropped, talk.reply_to(sent)) == (1, None)
    again = Talk(talk.browser)
    session = again.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    assert again.evaluate(session, "window.kept") == kept


def test_a_fault_strikes_at_the_nth_command_of_its_method_and_once() -> None:
    talk = _talk(Fault(kind="target_closed", at="Runtime.evaluate", nth=3))
    _, session = talk.page()
    assert [talk.evaluate(session, "1"), talk.evaluate(session, "2")] == [1, 2]
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="3")) is None
    _, other = talk.page()
    assert [talk.evaluate(other, "1") for _ in range(5)] == [1] * 5
    assert [fault.kind for fault in talk.browser.struck] == ["target_closed"]


@pytest.mark.parametrize(("kind", "status", "code"), [("renderer_crash", "crashed", 5), ("renderer_kill", "killed", 9)])
def test_a_crash_is_told_and_what_waits_is_refused_by_the_next_navigation(
    kind: FaultKind, status: str, code: int
) -> None:
    talk = _talk()
    talk.ask("Target.setDiscoverTargets", discover=True)
    target, session = talk.page()
    waits = talk.send("Runtime.evaluate", session, expression=FOR_EVER, awaitPromise=True)
    talk.said.clear()
    talk.browser.strike(Fault(kind=kind, target=target))
    assert talk.events() == ["Inspector.targetCrashed", "Target.targetCrashed"]
    assert talk.said[-1]["params"] == {"targetId": target, "status": status, "errorCode": code}
    later = talk.send("Page.getFrameTree", session)
    assert talk.reply_to(waits) is talk.reply_to(later) is None
    talk.ask("Page.navigate", session, url="http://x/")
    for number in (waits, later):
        reply = talk.reply_to(number)
        assert reply is not None
        assert reply["error"]["message"] == "Target crashed"
    assert talk.evaluate(session, "document.title") == "X"


def test_a_busy_renderer_answers_nothing_while_the_browser_does() -> None:
    talk = _talk(Fault(kind="renderer_busy", at="Runtime.evaluate", when="before"))
    _, session = talk.page()
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="1")) is None
    assert talk.reply_to(talk.send("Page.crash", session)) is None
    assert talk.ask("Browser.getVersion")
    assert talk.ask("Target.closeTarget", targetId=next(reversed(talk.browser.pages))) == {"success": True}


def test_a_dialog_that_opens_by_itself_holds_the_page() -> None:
    talk = _talk()
    target, session = talk.page("Page")
    talk.browser.strike(Fault(kind="dialog", target=target, detail="surprise"))
    assert talk.said[-1]["params"]["message"] == "surprise"
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="1")) is None


def test_a_stale_session_is_not_told_and_answers_so() -> None:
    talk = _talk()
    target, session = talk.page()
    before = list(talk.said)
    talk.browser.strike(Fault(kind="stale_session", target=target))
    assert talk.said == before
    refused = talk.ask("Runtime.evaluate", session, expression="1")
    assert refused == {"code": -32001, "message": "Session with given id not found."}


def test_a_foreign_navigation_comes_without_being_requested() -> None:
    talk = _talk(Fault(kind="foreign_navigation", at="Runtime.evaluate", detail="http://x/"))
    _, session = talk.page("Page")
    assert talk.evaluate(session, "location.href") == "about:blank"
    assert talk.evaluate(session, "location.href") == "http://x/"
    assert "Page.frameRequestedNavigation" not in talk.events()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("net_error", "net::ERR_CONNECTION_REFUSED"),
        ("no_content", "net::ERR_ABORTED"),
        ("download", "net::ERR_ABORTED"),
        ("server_error", None),
        ("cut_body", None),
    ],
)
def test_a_navigation_ends_as_its_fault_says_and_the_next_one_well(kind: FaultKind, error: str | None) -> None:
    talk = _talk(Fault(kind=kind, at="Page.navigate"))
    _, session = talk.page()
    assert talk.ask("Page.navigate", session, url="http://x/").get("errorText") == error
    assert "errorText" not in talk.ask("Page.navigate", session, url="http://x/")
    assert talk.evaluate(session, "document.title") == "X"


def test_a_navigation_without_headers_never_answers() -> None:
    talk = _talk(Fault(kind="no_headers", at="Page.navigate"))
    _, session = talk.page()
    assert talk.reply_to(talk.send("Page.navigate", session, url="http://x/")) is None
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="1")) is None


def test_a_slow_reply_comes_when_its_time_has_come_and_others_overtake_it() -> None:
    timers = Timers()
    talk = _talk(Fault(kind="slow_reply", at="Browser.getVersion", seconds=3.0), timers=timers)
    slow = talk.send("Browser.getVersion")
    assert talk.ask("Target.getTargets")
    assert talk.reply_to(slow) is None
    assert [seconds for seconds, _ in timers.due] == [3.0]
    timers.turn()
    assert talk.reply_to(slow) is not None


def test_a_frozen_browser_does_nothing_and_then_all_of_it() -> None:
    timers = Timers()
    talk = _talk(Fault(kind="freeze", at="Browser.getVersion", seconds=5.0, when="before"), timers=timers)
    talk.send("Browser.getVersion")
    asked = [talk.send("Target.getTargets"), talk.send("Browser.getVersion")]
    assert talk.said == []
    timers.turn()
    assert [talk.reply_to(number) is not None for number in asked] == [True, True]


def test_traffic_that_is_no_envelope_comes_beside_the_reply() -> None:
    talk = _talk(Fault(kind="parse_error", at="Browser.getVersion"), Fault(kind="parse_error", at="Target.getTargets"))
    assert talk.ask("Browser.getVersion")
    assert talk.said[-1]["error"]["code"] == -32700
    talk.browser.strike(Fault(kind="binary_frame"))
    assert "binary" in talk.said[-1]


def test_a_reply_that_is_too_long_is_begun_on_the_wire() -> None:
    talk = _talk(Fault(kind="oversized_reply", at="Browser.getVersion"))
    assert talk.reply_to(talk.send("Browser.getVersion")) is None
    assert talk.oversized == 1


def test_a_dead_browser_has_dropped_everybody_and_another_one_is_another() -> None:
    talk, other = _talk(), None
    other = Talk(talk.browser)
    target, _ = talk.page()
    path = talk.browser.path
    talk.browser.strike(Fault(kind="browser_death"))
    assert (talk.dropped, other.dropped, talk.browser.dead) == (1, 1, True)
    talk.browser.restart()
    assert talk.browser.path != path
    assert target not in {info["targetId"] for info in Talk(talk.browser).ask("Target.getTargets")["targetInfos"]}


def test_a_half_open_connection_is_the_one_that_the_command_came_on() -> None:
    talk = _talk(Fault(kind="half_open", at="Browser.getVersion"))
    other = Talk(talk.browser)
    assert talk.reply_to(talk.send("Browser.getVersion")) is None
    assert talk.reply_to(talk.send("Target.getTargets")) is None
    assert other.ask("Browser.getVersion")


@pytest.mark.parametrize("kind", ["profile_in_use", "silent_start"])
def test_a_fault_of_the_start_strikes_no_running_browser(kind: FaultKind) -> None:
    with pytest.raises(NoVictimError):
        _talk().browser.strike(Fault(kind=kind))


def test_every_kind_of_fault_can_be_struck_or_belongs_to_a_start_or_a_reply() -> None:
    for kind in get_args(FaultKind):
        talk = _talk()
        talk.page()
        if kind in {"profile_in_use", "silent_start", "slow_reply", "swapped_reply"}:
            continue
        talk.browser.strike(Fault(kind=kind))
        assert talk.browser.struck[-1].kind == kind


@pytest.mark.parametrize("kind", ["slow_reply", "swapped_reply"])
def test_a_fault_of_a_reply_needs_its_command(kind: FaultKind) -> None:
    with pytest.raises(NoVictimError):
        _talk().browser.strike(Fault(kind=kind))

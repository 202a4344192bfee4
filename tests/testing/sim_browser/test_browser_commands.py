from __future__ import annotations

import pytest

from harness.testing.sim_browser import SimBrowser
from tests.testing.sim_browser.talking import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk(SimBrowser(pid=77))


def test_it_says_who_it_is(talk: Talk) -> None:
    assert talk.ask("Browser.getVersion")["product"] == "SimBrowser/1.0"
    assert talk.ask("SystemInfo.getProcessInfo")["processInfo"][0]["id"] == 77


def test_targets_are_told_when_asked_for_and_from_then_on_as_they_come_and_go(talk: Talk) -> None:
    talk.ask("Target.setDiscoverTargets", discover=True)
    assert talk.events() == ["Target.targetCreated"]
    target, _ = talk.page()
    assert talk.events()[1:] == ["Target.targetCreated", "Target.targetInfoChanged", "Target.attachedToTarget"]
    talk.said.clear()
    assert talk.ask("Target.closeTarget", targetId=target) == {"success": True}
    assert talk.events() == ["Target.targetInfoChanged", "Target.detachedFromTarget", "Target.targetDestroyed"]


def test_a_context_is_disposed_of_with_its_pages(talk: Talk) -> None:
    context = talk.ask("Target.createBrowserContext")["browserContextId"]
    target, _ = talk.page(browserContextId=context)
    assert talk.ask("Target.getBrowserContexts")["browserContextIds"] == [context]
    talk.ask("Target.disposeBrowserContext", browserContextId=context)
    assert target not in talk.browser.pages
    assert talk.ask("Target.getTargetInfo", targetId=target)["code"] == -32602


def test_a_context_dies_with_its_connection_only_where_that_was_asked_for(talk: Talk) -> None:
    kept = talk.ask("Target.createBrowserContext")["browserContextId"]
    doomed = talk.ask("Target.createBrowserContext", disposeOnDetach=True)["browserContextId"]
    talk.client.gone()
    left = Talk(talk.browser).ask("Target.getBrowserContexts")["browserContextIds"]
    assert (kept in left, doomed in left) == (True, False)


def test_a_second_client_attaches_to_the_same_page_and_nobody_fences_it(talk: Talk) -> None:
    target, session = talk.page("Page")
    other = Talk(talk.browser)
    theirs = other.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    other.ask("Page.navigate", theirs, url="http://x/")
    assert talk.evaluate(session, "location.href") == "http://x/"
    assert "Page.frameNavigated" in talk.events()
    assert "Page.frameNavigated" not in other.events()
    assert other.ask("Runtime.evaluate", session, expression="1")["code"] == -32001


def test_cookies_belong_to_their_context(talk: Talk) -> None:
    context = talk.ask("Target.createBrowserContext")["browserContextId"]
    talk.ask("Storage.setCookies", cookies=[{"name": "a", "value": "1"}], browserContextId=context)
    _, session = talk.page(browserContextId=context)
    assert talk.evaluate(session, "document.cookie") == "a=1"
    assert talk.ask("Storage.getCookies")["cookies"] == []


def test_a_fault_can_be_injected_by_a_command_and_a_misspelt_one_is_refused(talk: Talk) -> None:
    target, session = talk.page()
    assert talk.ask("Sim.inject", kind="renderer_crash", target=target) == {}
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="1")) is None
    assert talk.ask("Sim.inject", kind="socket_drop", at="Target.getTargets") == {}
    assert talk.ask("Sim.inject", kind="socket_dorp")["code"] == -32602
    assert talk.reply_to(talk.send("Target.getTargets")) is None
    assert talk.dropped == 1


def test_a_fault_without_a_victim_is_refused_in_words(talk: Talk) -> None:
    refused = talk.ask("Sim.inject", kind="renderer_crash", target="nobody")
    assert refused["code"] == -32602
    assert "there is no nobody" in refused["data"]

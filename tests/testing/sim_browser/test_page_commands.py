from __future__ import annotations

import pytest

from harness.testing.sim_browser import Document, SimBrowser
from tests.testing.sim_browser.talking import Talk


@pytest.fixture
def talk() -> Talk:
    return Talk(SimBrowser(site={"http://x/": Document(title="X", calls={"chain": {"value": 3}})}))


def test_worlds_are_told_when_they_are_asked_for(talk: Talk) -> None:
    _, session = talk.page()
    talk.ask("Page.addScriptToEvaluateOnNewDocument", session, source="1", worldName="ours")
    talk.ask("Runtime.enable", session)
    talk.ask("Runtime.enable", session)
    names = [message["params"]["context"]["name"] for message in talk.said if "context" in message.get("params", {})]
    assert names == ["", "ours"]


def test_a_dialog_holds_what_comes_until_it_is_answered(talk: Talk) -> None:
    _, session = talk.page("Page")
    asks = talk.send("Runtime.evaluate", session, expression="prompt('who?')", returnByValue=True)
    waits = talk.send("Runtime.evaluate", session, expression="1")
    assert talk.events()[-1] == "Page.javascriptDialogOpening"
    assert talk.reply_to(asks) is talk.reply_to(waits) is None
    talk.ask("Page.handleJavaScriptDialog", session, accept=True, promptText="Ada")
    reply = talk.reply_to(asks)
    assert reply is not None
    assert reply["result"]["result"]["value"] == "Ada"
    assert talk.reply_to(waits) is not None
    assert talk.ask("Page.handleJavaScriptDialog", session, accept=True)["message"] == "No dialog is showing"


def test_a_dialog_that_no_session_hears_can_be_made_to_hold_its_page_as_in_the_full_browser() -> None:
    talk = Talk(SimBrowser(unheard_dialogs="held"))
    _, session = talk.page()
    assert talk.reply_to(talk.send("Runtime.evaluate", session, expression="alert('x')")) is None
    assert "Page.javascriptDialogOpening" not in talk.events()
    talk.ask("Page.navigate", session, url="http://x/")
    assert talk.evaluate(session, "1") == 1


def test_a_loop_is_ended_by_terminate_execution_and_what_waited_goes_on(talk: Talk) -> None:
    _, session = talk.page()
    loop = talk.send("Runtime.evaluate", session, expression="for(;;){}")
    waits = talk.send("Runtime.evaluate", session, expression="1")
    assert talk.ask("Runtime.terminateExecution", session) == {}
    ended = talk.reply_to(loop)
    assert ended is not None
    assert ended["error"]["message"] == "Execution was terminated"
    assert talk.reply_to(waits) is not None


def test_a_page_navigates_opens_and_closes_by_itself(talk: Talk) -> None:
    target, session = talk.page("Page")
    talk.ask("Runtime.evaluate", session, expression="location.href = 'http://x/'")
    assert "Page.frameRequestedNavigation" in talk.events()
    assert talk.evaluate(session, "document.title") == "X"
    talk.ask("Runtime.evaluate", session, expression="window.open('/popup')")
    popup = next(page for page in talk.browser.pages.values() if page.opener_id == target)
    assert popup.url == "http://x/popup"
    talk.ask("Runtime.evaluate", session, expression="window.close()")
    assert target not in talk.browser.pages


def test_the_clipboard_belongs_to_the_browser_and_not_to_the_context(talk: Talk) -> None:
    _, one = talk.page(browserContextId=talk.ask("Target.createBrowserContext")["browserContextId"])
    _, other = talk.page(browserContextId=talk.ask("Target.createBrowserContext")["browserContextId"])
    talk.evaluate(one, "navigator.clipboard.writeText('secret')")
    assert talk.evaluate(other, "navigator.clipboard.readText()") == "secret"


def test_an_override_is_the_sessions_and_input_is_noted_by_the_page(talk: Talk) -> None:
    target, session = talk.page()
    talk.ask("Emulation.setUserAgentOverride", session, userAgent="ours")
    assert talk.evaluate(session, "navigator.userAgent") == "ours"
    again = talk.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    assert talk.evaluate(again, "navigator.userAgent") != "ours"
    talk.ask("Input.insertText", session, text="Ada")
    assert talk.browser.pages[target].inputs == [{"method": "Input.insertText", "text": "Ada"}]


def test_a_function_is_answered_by_what_the_document_says_of_its_declaration(talk: Talk) -> None:
    _, session = talk.page()
    talk.ask("Page.navigate", session, url="http://x/")
    call = {"functionDeclaration": "function(entry, chain, args) {}", "returnByValue": True}
    assert talk.ask("Runtime.callFunctionOn", session, **call)["result"]["value"] == {"value": 3}


def test_what_throws_says_so_and_an_unknown_method_is_not_found(talk: Talk) -> None:
    _, session = talk.page()
    found = talk.ask("Runtime.evaluate", session, expression="throw new Error('x')")
    assert found["exceptionDetails"]["exception"]["description"].startswith("Error: x")
    assert talk.ask("No.such", session) == {"code": -32601, "message": "'No.such' wasn't found"}

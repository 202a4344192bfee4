from __future__ import annotations

from typing import Any

import pytest

from harness.testing.sim_browser import Document, SimBrowser
from tests.testing.sim_browser.talking import Talk

SITE = {
    "http://x/a": Document(title="A"),
    "http://x/refused": Document(net_error="net::ERR_CONNECTION_REFUSED"),
    "http://x/204": Document(status=204, ending="no_content"),
    "http://x/file": Document(ending="download"),
    "http://x/cut": Document(ending="cut_body"),
    "http://x/hang": Document(ending="no_headers"),
    "http://x/old": Document(redirect="http://x/a"),
}


@pytest.fixture
def talk() -> Talk:
    return Talk(SimBrowser(site=SITE))


@pytest.fixture
def session(talk: Talk) -> str:
    session = talk.page("Page", "Network", "Runtime")[1]
    talk.said.clear()
    return session


def _go(talk: Talk, session: str, url: str) -> Any:
    return talk.ask("Page.navigate", session, url=url)


def test_a_document_is_told_from_its_request_to_its_load(talk: Talk, session: str) -> None:
    _go(talk, session, "http://x/a")
    assert [message.get("method", "the reply") for message in talk.said] == [
        "Page.frameStartedNavigating",
        "Page.frameStartedLoading",
        "Network.requestWillBeSent",
        "Network.responseReceived",
        "the reply",
        "Runtime.executionContextsCleared",
        "Runtime.executionContextsCleared",
        "Page.frameNavigated",
        "Runtime.executionContextCreated",
        "Network.loadingFinished",
        "Page.domContentEventFired",
        "Page.loadEventFired",
        "Page.frameStoppedLoading",
    ]
    assert talk.evaluate(session, "document.title") == "A"


@pytest.mark.parametrize(
    ("path", "error", "download"),
    [
        ("/refused", "net::ERR_CONNECTION_REFUSED", False),
        ("/204", "net::ERR_ABORTED", False),
        ("/file", "net::ERR_ABORTED", True),
    ],
)
def test_a_navigation_that_brings_no_document_says_why(
    talk: Talk, session: str, path: str, error: str, download: bool
) -> None:
    _go(talk, session, "http://x/a")
    reply = _go(talk, session, "http://x" + path)
    assert (reply["errorText"], reply["isDownload"]) == (error, download)
    stays = error == "net::ERR_ABORTED"
    assert talk.evaluate(session, "document.title") == ("A" if stays else "")


def test_an_error_page_names_what_could_not_be_reached(talk: Talk, session: str) -> None:
    _go(talk, session, "http://x/refused")
    frame = next(message for message in talk.said if message.get("method") == "Page.frameNavigated")["params"]["frame"]
    assert frame["unreachableUrl"] == "http://x/refused"
    assert frame["url"] == "chrome-error://chromewebdata/"


def test_a_body_that_is_cut_is_told_by_the_network_alone(talk: Talk, session: str) -> None:
    assert "errorText" not in _go(talk, session, "http://x/cut")
    assert "Network.loadingFailed" in talk.events()
    assert "Page.loadEventFired" not in talk.events()


def test_a_redirect_is_told_as_a_second_request(talk: Talk, session: str) -> None:
    _go(talk, session, "http://x/old")
    asked = [message["params"] for message in talk.said if message.get("method") == "Network.requestWillBeSent"]
    assert [request["request"]["url"] for request in asked] == ["http://x/old", "http://x/a"]
    assert asked[1]["redirectResponse"]["status"] == 302
    assert talk.evaluate(session, "location.href") == "http://x/a"


@pytest.mark.parametrize("end", ["Page.stopLoading", "Page.navigate"])
def test_a_navigation_without_headers_ends_when_it_is_stopped_or_another_one_begins(
    talk: Talk, session: str, end: str
) -> None:
    hangs = talk.send("Page.navigate", session, url="http://x/hang")
    waits = talk.send("Runtime.evaluate", session, expression="1")
    assert talk.reply_to(hangs) is talk.reply_to(waits) is None
    talk.ask(end, session, url="http://x/a")
    reply, after = talk.reply_to(hangs), talk.reply_to(waits)
    assert reply is not None
    assert reply["result"]["errorText"] == "net::ERR_ABORTED"
    assert after is not None
    assert ("result" in after) == (end == "Page.stopLoading")


def test_a_fragment_is_a_move_within_the_document(talk: Talk, session: str) -> None:
    _go(talk, session, "http://x/a")
    talk.said.clear()
    assert "loaderId" not in _go(talk, session, "http://x/a#part")
    assert "Page.navigatedWithinDocument" in talk.events()
    assert "Page.frameNavigated" not in talk.events()


def test_what_waits_for_a_promise_is_refused_when_the_document_goes(talk: Talk, session: str) -> None:
    waits = talk.send("Runtime.evaluate", session, expression="new Promise(() => {})", awaitPromise=True)
    _go(talk, session, "http://x/a")
    reply = talk.reply_to(waits)
    assert reply is not None
    assert reply["error"] == {"code": -32000, "message": "Inspected target navigated or closed"}


def test_every_document_has_a_world_for_each_named_script(talk: Talk, session: str) -> None:
    talk.ask("Page.addScriptToEvaluateOnNewDocument", session, source="1", worldName="ours")
    talk.said.clear()
    _go(talk, session, "http://x/a")
    made = [message["params"]["context"] for message in talk.said if "context" in message.get("params", {})]
    assert [(world["name"], world["auxData"]["isDefault"]) for world in made] == [("", True), ("ours", False)]


def test_an_address_that_is_none_is_refused(talk: Talk, session: str) -> None:
    assert _go(talk, session, "nonsense") == {"code": -32000, "message": "Cannot navigate to invalid URL"}

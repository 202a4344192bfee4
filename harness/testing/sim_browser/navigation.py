"""Navigations: what a page tells of them, in the order in which Chromium does (recorded from headless shell 156).

frameStartedNavigating, frameStartedLoading, requestWillBeSent; then an answer: responseReceived, the reply, and the new
document with its worlds, DOMContentLoaded, load; or an error with its page; or nothing at all, for as long as no headers
come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.testing.sim_browser.model import Command, Json, Refusal, Renderer, SimPage
from harness.testing.sim_browser.site import Document, document_at

if TYPE_CHECKING:
    from harness.testing.sim_browser.browser import SimBrowser

NAVIGATED = {"code": -32000, "message": "Inspected target navigated or closed"}
CRASHED = {"code": -32000, "message": "Target crashed"}
_OWN = ("about:", "data:", "chrome-error:")
_WORDS = {200: "OK", 204: "No Content", 401: "Unauthorized", 404: "Not Found", 500: "Internal Server Error"}


def go(browser: SimBrowser, page: SimPage, url: str, command: Command | None, kind: str = "differentDocument") -> None:
    """Navigate; `command` is answered as `Page.navigate` is, a reload at once, nobody where a page goes by itself."""
    if not urlsplit(url).scheme:
        raise Refusal(-32000, "Cannot navigate to invalid URL")
    abandon(browser, page)
    if page.renderer is Renderer.CRASHED:
        revive(browser, page)
    if _within(page, url, kind):
        _move_within(browser, page, url, command)
        return
    loader = browser.ids.new()
    final, document = document_at(browser.site, url)
    document = _with_fault(page, document)
    told = {"frameId": page.target_id, "url": url, "loaderId": loader, "navigationType": kind}
    browser.tell(page, "Page", "Page.frameStartedNavigating", told)
    browser.tell(page, "Page", "Page.frameStartedLoading", {"frameId": page.target_id})
    for asked in dict.fromkeys((url, final)):
        if not asked.startswith(_OWN):
            browser.tell(page, "Network", "Network.requestWillBeSent", _request(browser, page, loader, asked, url))
    if kind == "reload" and command is not None:
        browser.reply(command, {})
        command = None
    if document.ending == "no_headers" or page.renderer is Renderer.BUSY:
        page.pending = command or browser.nobodys()
        page.pending.params = {"loaderId": loader}
        return
    reply: Json = {"frameId": page.target_id, "loaderId": loader}
    if document.net_error:
        _failed(browser, page, loader, document.net_error, canceled=False)
        _answer(browser, command, reply | {"errorText": document.net_error, "isDownload": False})
        _commit(browser, page, loader, url, document, unreachable=True)
        return
    if not final.startswith(_OWN):
        browser.tell(page, "Network", "Network.responseReceived", _response(browser, page, loader, final, document))
    if document.ending in {"no_content", "download"}:
        _failed(browser, page, loader, "net::ERR_ABORTED", canceled=True)
        is_download = document.ending == "download"
        _answer(browser, command, reply | {"errorText": "net::ERR_ABORTED", "isDownload": is_download})
        browser.tell(page, "Page", "Page.frameStoppedLoading", {"frameId": page.target_id})
        return
    _answer(browser, command, reply | {"isDownload": False})
    _commit(browser, page, loader, final if final != url.partition("#")[0] else url, document)


def abandon(browser: SimBrowser, page: SimPage) -> None:
    """End a navigation that waits for its headers, as another one or `Page.stopLoading` does."""
    if page.pending is None:
        return
    command, page.pending = page.pending, None
    loader = command.params["loaderId"]
    ended = {"frameId": page.target_id, "loaderId": loader, "errorText": "net::ERR_ABORTED", "isDownload": False}
    browser.reply(command, ended)
    _failed(browser, page, loader, "net::ERR_ABORTED", canceled=True)
    browser.tell(page, "Page", "Page.frameStoppedLoading", {"frameId": page.target_id})


def revive(browser: SimBrowser, page: SimPage) -> None:
    """A crashed page gets a new renderer: what waited for the old one is refused now, not before."""
    waiting = [*page.unsettled, *page.waiting]
    page.unsettled.clear()
    page.waiting.clear()
    page.renderer, page.holder, page.worlds_made = Renderer.IDLE, None, 0
    for command in sorted(waiting, key=lambda command: command.id):
        browser.refuse(command, CRASHED)
    for session in page.sessions:
        browser.tell_session(session, "Inspector.targetReloadedAfterCrash", {})


def make_worlds(browser: SimBrowser, page: SimPage) -> None:
    """The execution contexts of the present document, told to every session that asked for them."""
    for session in page.sessions:
        if "Runtime" in session.enabled:
            for name in ("", *session.worlds):
                browser.tell_session(session, "Runtime.executionContextCreated", world(page, name))


def world(page: SimPage, name: str) -> Json:
    """A new execution context of the page."""
    page.worlds_made += 1
    aux = {"isDefault": not name, "type": "isolated" if name else "default", "frameId": page.target_id}
    number = page.worlds_made
    context: Json = {"id": number, "origin": _origin(page.url), "name": name, "uniqueId": f"{number}.{page.loader_id}"}
    return {"context": context | {"auxData": aux}}


def frame(page: SimPage, unreachable: str = "") -> Json:
    """The page's main frame."""
    told: Json = {
        "id": page.target_id,
        "loaderId": page.loader_id,
        "url": page.url.partition("#")[0],
        "domainAndRegistry": "",
        "securityOrigin": _origin(page.url),
        "securityOriginDetails": {"isLocalhost": "//127.0.0.1" in page.url or "//localhost" in page.url},
        "mimeType": "text/html",
    }
    if "#" in page.url:
        told["urlFragment"] = "#" + page.url.partition("#")[2]
    if unreachable:
        told |= {"url": "chrome-error://chromewebdata/", "securityOrigin": "://", "unreachableUrl": unreachable}
    more = {
        "adFrameStatus": {"adFrameType": "none"},
        "secureContextType": "InsecureScheme",
        "crossOriginIsolatedContextType": "NotIsolated",
        "gatedAPIFeatures": [],
    }
    return told | more


def _within(page: SimPage, url: str, kind: str) -> bool:
    return kind == "differentDocument" and "#" in url and url.partition("#")[0] == page.url.partition("#")[0]


def _move_within(browser: SimBrowser, page: SimPage, url: str, command: Command | None) -> None:
    at = {"frameId": page.target_id}
    kind = {"navigationType": "sameDocument"}
    browser.tell(page, "Page", "Page.frameStartedNavigating", at | {"url": url, "loaderId": page.loader_id} | kind)
    browser.tell(page, "Page", "Page.frameStartedLoading", at)
    _answer(browser, command, at | {"isDownload": False})
    page.url = url
    browser.tell_of(page, "Target.targetInfoChanged")
    browser.tell(page, "Page", "Page.navigatedWithinDocument", at | {"url": url, "navigationType": "fragment"})
    browser.tell(page, "Page", "Page.frameStoppedLoading", at)


def _with_fault(page: SimPage, document: Document) -> Document:
    """The document as a fault of navigations leaves it."""
    fault, page.next_fault = page.next_fault, None
    if fault is None:
        return document
    if fault.kind == "net_error":
        return Document(net_error=fault.detail or "net::ERR_CONNECTION_REFUSED")
    if fault.kind == "server_error":
        return Document(title="500", status=500)
    status = 204 if fault.kind == "no_content" else document.status
    return Document(title=document.title, status=status, ending=fault.kind)  # type: ignore[arg-type]


def _commit(
    browser: SimBrowser, page: SimPage, loader: str, url: str, document: Document, *, unreachable: bool = False
) -> None:
    """The new document takes the old one's place, and loads."""
    for command in [command for command in (page.holder, *page.unsettled, *page.waiting) if command is not None]:
        browser.refuse(command, NAVIGATED)
    page.unsettled.clear()
    page.waiting.clear()
    page.holder = page.dialog = None
    page.renderer = Renderer.IDLE
    page.loader_id, page.url, page.document, page.title = loader, url, document, ""
    page.variables = {}
    at = {"frameId": page.target_id, "loaderId": loader}
    browser.tell(page, "Runtime", "Runtime.executionContextsCleared", {})
    browser.tell_lifecycle(page, at, "init")
    browser.tell(page, "Runtime", "Runtime.executionContextsCleared", {})
    told = frame(page, url if unreachable else "")
    browser.tell(page, "Page", "Page.frameNavigated", {"frame": told, "type": "Navigation"})
    browser.tell_of(page, "Target.targetInfoChanged")
    page.title = document.title
    make_worlds(browser, page)
    if document.ending == "cut_body":
        _failed(browser, page, loader, "net::ERR_CONTENT_LENGTH_MISMATCH", canceled=False)
        browser.tell(page, "Page", "Page.frameStoppedLoading", {"frameId": page.target_id})
        return
    if not url.startswith(_OWN):
        finished = {"requestId": loader, "timestamp": browser.tick(), "encodedDataLength": 0}
        browser.tell(page, "Network", "Network.loadingFinished", finished)
    browser.tell(page, "Page", "Page.domContentEventFired", {"timestamp": browser.tick()})
    browser.tell_lifecycle(page, at, "DOMContentLoaded")
    browser.tell(page, "Page", "Page.loadEventFired", {"timestamp": browser.tick()})
    browser.tell_lifecycle(page, at, "load")
    browser.tell(page, "Page", "Page.frameStoppedLoading", {"frameId": page.target_id})


def _answer(browser: SimBrowser, command: Command | None, result: Json) -> None:
    if command is not None:
        browser.reply(command, result)


def _failed(browser: SimBrowser, page: SimPage, loader: str, error: str, *, canceled: bool) -> None:
    told = {"requestId": loader, "timestamp": browser.tick(), "type": "Document", "errorText": error}
    browser.tell(page, "Network", "Network.loadingFailed", told | {"canceled": canceled})


def _request(browser: SimBrowser, page: SimPage, loader: str, url: str, first: str) -> Json:
    told: Json = {"requestId": loader, "loaderId": loader, "documentURL": url}
    told["request"] = {"url": url, "method": "GET", "headers": {"User-Agent": browser.user_agent}}
    if url != first:
        told["redirectResponse"] = {"url": first, "status": 302, "statusText": "Found", "headers": {"Location": url}}
    return told | {"timestamp": browser.tick(), "type": "Document", "frameId": page.target_id}


def _response(browser: SimBrowser, page: SimPage, loader: str, url: str, document: Document) -> Json:
    status = document.status
    answer = {
        "url": url,
        "status": status,
        "statusText": _WORDS.get(status, ""),
        "headers": {},
        "mimeType": "text/html",
    }
    told = {"requestId": loader, "loaderId": loader, "timestamp": browser.tick(), "type": "Document"}
    return told | {"response": answer, "frameId": page.target_id}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "://"

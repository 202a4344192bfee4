"""The commands of a page's session: those that the browser process answers whatever the renderer does, and the
renderer's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from harness.testing.sim_browser import navigation
from harness.testing.sim_browser.expressions import Effect, Place, Thrown, answer_to, evaluate, remote, thrown
from harness.testing.sim_browser.model import Command, Json, Refusal, Renderer, SimPage, SimSession, wanted

if TYPE_CHECKING:
    from harness.testing.sim_browser.browser import SimBrowser

Handler = Callable[["SimBrowser", Command, SimSession], Json | None]
"""Returns the result; None where the reply was sent, comes later or never."""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one pixel: what every screenshot shows."""


# --- answered by the browser process


def _navigate(browser: SimBrowser, command: Command, session: SimSession) -> None:
    navigation.go(browser, session.page, wanted(command.params, "url"), command)


def _reload(browser: SimBrowser, command: Command, session: SimSession) -> None:
    navigation.go(browser, session.page, session.page.url, command, "reload")


def _stop_loading(browser: SimBrowser, command: Command, session: SimSession) -> None:
    navigation.abandon(browser, session.page)
    browser.reply(command, {})
    browser.work_off(session.page)


def _crash(browser: SimBrowser, command: Command, session: SimSession) -> None:
    page = session.page
    if page.pending is not None:
        raise Refusal(-32000, "Page has pending navigations, not killing")
    page.waiting.append(command)
    if page.renderer is Renderer.IDLE:  # one that is busy does not come to it
        browser.crash(page, "crashed", 5)


def _close(browser: SimBrowser, command: Command, session: SimSession) -> None:
    browser.reply(command, {})
    browser.close(session.page)


def _handle_dialog(browser: SimBrowser, command: Command, session: SimSession) -> None:
    page, accept = session.page, wanted(command.params, "accept", bool)
    if page.dialog is None:
        raise Refusal(-32602, "No dialog is showing")
    text = str(command.params.get("promptText", ""))
    told = {"frameId": page.target_id, "result": accept, "userInput": text}
    browser.tell(page, "Page", "Page.javascriptDialogClosed", told)
    browser.reply(command, {})
    browser.close_dialog(page, answer_to(page.dialog["type"], accept=accept, text=text))


def _inspector(browser: SimBrowser, _command: Command, session: SimSession) -> Json:
    session.enabled.add("Inspector")
    if session.page.renderer is Renderer.CRASHED:
        browser.tell_session(session, "Inspector.targetCrashed", {})
    return {}


def _terminate(browser: SimBrowser, command: Command, session: SimSession) -> Json | None:
    page = session.page
    if page.renderer is Renderer.IDLE:
        return {}
    if page.renderer is not Renderer.BUSY:
        page.waiting.append(command)
        return None
    page.renderer = Renderer.IDLE
    browser.reply(command, {})
    holder, page.holder = page.holder, None
    if holder is not None:
        browser.refuse(holder, {"code": -32000, "message": "Execution was terminated"})
    browser.work_off(page)
    return None


def _set_cookie(_browser: SimBrowser, command: Command, session: SimSession) -> Json:
    session.page.context.cookies[wanted(command.params, "name")] = wanted(command.params, "value")
    return {"success": True}


def _cookies(_browser: SimBrowser, _command: Command, session: SimSession) -> Json:
    host = urlsplit(session.page.url).hostname or ""
    cookies = session.page.context.cookies.items()
    return {"cookies": [{"name": name, "value": value, "domain": host, "path": "/"} for name, value in cookies]}


# --- answered by the renderer


def _enable(domain: str) -> Handler:
    def enable(_browser: SimBrowser, _command: Command, session: SimSession) -> Json:
        session.enabled.add(domain)
        return {}

    return enable


def _runtime_enable(browser: SimBrowser, _command: Command, session: SimSession) -> Json:
    if "Runtime" not in session.enabled:
        session.enabled.add("Runtime")
        for name in ("", *session.worlds):
            browser.tell_session(session, "Runtime.executionContextCreated", navigation.world(session.page, name))
    return {}


def _lifecycle(browser: SimBrowser, command: Command, session: SimSession) -> Json:
    session.enabled.discard("lifecycle")
    if wanted(command.params, "enabled", bool):
        session.enabled.add("lifecycle")
        at = {"frameId": session.page.target_id, "loaderId": session.page.loader_id}
        for name in ("commit", "DOMContentLoaded", "load", "networkAlmostIdle", "networkIdle"):
            browser.tell_session(session, "Page.lifecycleEvent", at | {"name": name, "timestamp": browser.tick()})
    return {}


def _add_script(_browser: SimBrowser, command: Command, session: SimSession) -> Json:
    wanted(command.params, "source")
    name = command.params.get("worldName", "")
    if name and name not in session.worlds:
        session.worlds.append(name)
    return {"identifier": str(len(session.worlds))}


def _frame_tree(_browser: SimBrowser, _command: Command, session: SimSession) -> Json:
    return {"frameTree": {"frame": navigation.frame(session.page)}}


def _user_agent(_browser: SimBrowser, command: Command, session: SimSession) -> Json:
    session.user_agent = wanted(command.params, "userAgent")
    return {}


def _evaluate(browser: SimBrowser, command: Command, session: SimSession) -> Json | None:
    page, expression = session.page, wanted(command.params, "expression")
    place = Place(page, session.user_agent or browser.user_agent, browser.clipboard)
    return _outcome(browser, command, page, evaluate(expression, place))


def _call_function(browser: SimBrowser, command: Command, session: SimSession) -> Json | None:
    declaration = wanted(command.params, "functionDeclaration")
    for text, value in session.page.document.calls.items():
        if text in declaration:
            return _outcome(browser, command, session.page, value)
    return {"result": {"type": "undefined"}}


def _outcome(browser: SimBrowser, command: Command, page: SimPage, found: object) -> Json | None:
    by_value = bool(command.params.get("returnByValue"))
    if isinstance(found, Thrown):
        return thrown(found, f"{page.worlds_made}.{command.id}")
    if not isinstance(found, Effect):
        return {"result": remote(found, by_value=by_value, handle=f"{page.worlds_made}.{command.id}")}
    if found.name == "forever":
        if command.params.get("awaitPromise"):
            page.unsettled.append(command)
            return None
        return {"result": remote({}, by_value=by_value, handle=f"{page.worlds_made}.{command.id}")}
    if found.name == "busy":
        page.renderer, page.holder = Renderer.BUSY, command
        return None
    if found.name == "dialog":
        browser.open_dialog(page, found.detail, found.more, command)
        return None
    if found.name == "clipboard":
        browser.clipboard = found.detail
    elif found.name == "open":
        browser.new_page(page.context, urljoin(page.url, found.detail), opener=page)
    browser.reply(command, {"result": remote(found.value, by_value=True)})
    if found.name == "close":
        browser.close(page)
    elif found.name == "navigate":
        url = urljoin(page.url, found.detail)
        told = {"frameId": page.target_id, "reason": "scriptInitiated", "url": url, "disposition": "currentTab"}
        browser.tell(page, "Page", "Page.frameRequestedNavigation", told)
        navigation.go(browser, page, url, None)
    return None


def _input(_browser: SimBrowser, command: Command, session: SimSession) -> Json:
    session.page.inputs.append({"method": command.method, **command.params})
    return {}


def _screenshot(_browser: SimBrowser, _command: Command, _session: SimSession) -> Json:
    return {"data": PIXEL}


def _layout(_browser: SimBrowser, _command: Command, _session: SimSession) -> Json:
    view = {"pageX": 0, "pageY": 0, "clientWidth": 800, "clientHeight": 600}
    return {"cssLayoutViewport": view, "cssContentSize": {"x": 0, "y": 0, "width": 800, "height": 600}}


def _accept(_browser: SimBrowser, _command: Command, _session: SimSession) -> Json:
    return {}


BROWSER_SIDE: dict[str, Handler] = {
    "Page.navigate": _navigate,
    "Page.reload": _reload,
    "Page.stopLoading": _stop_loading,
    "Page.crash": _crash,
    "Page.close": _close,
    "Page.handleJavaScriptDialog": _handle_dialog,
    "Inspector.enable": _inspector,
    "Runtime.terminateExecution": _terminate,
    "Network.setCookie": _set_cookie,
    "Network.getCookies": _cookies,
    "Target.setAutoAttach": _accept,
}

RENDERER_SIDE: dict[str, Handler] = {
    "Page.enable": _enable("Page"),
    "Network.enable": _enable("Network"),
    "Runtime.enable": _runtime_enable,
    "Page.setLifecycleEventsEnabled": _lifecycle,
    "Page.addScriptToEvaluateOnNewDocument": _add_script,
    "Page.getFrameTree": _frame_tree,
    "Page.captureScreenshot": _screenshot,
    "Page.getLayoutMetrics": _layout,
    "Emulation.setUserAgentOverride": _user_agent,
    "Runtime.evaluate": _evaluate,
    "Runtime.callFunctionOn": _call_function,
    **dict.fromkeys(("Input.dispatchMouseEvent", "Input.dispatchKeyEvent", "Input.insertText"), _input),
    **dict.fromkeys(
        (
            "Emulation.setDeviceMetricsOverride",
            "Emulation.setFocusEmulationEnabled",
            "Emulation.setTouchEmulationEnabled",
            "Network.emulateNetworkConditions",
            "Network.setExtraHTTPHeaders",
            "Runtime.releaseObjectGroup",
            "Runtime.runIfWaitingForDebugger",
        ),
        _accept,
    ),
}

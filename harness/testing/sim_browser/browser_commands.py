"""The commands that belong to no session: `Browser`, `Target`, `SystemInfo`, `Storage`, and `Sim`, by which faults are
injected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from harness.testing.sim_browser.faults import Fault, FaultKind
from harness.testing.sim_browser.model import Command, Json, Refusal, SimContext, SimPage, SimSession, wanted
from harness.testing.sim_browser.striking import NoVictimError

if TYPE_CHECKING:
    from harness.testing.sim_browser.browser import SimBrowser

AT_ONCE: frozenset[FaultKind] = frozenset({"socket_drop", "half_open", "freeze", "browser_death", "oversized_reply"})
"""Faults after which no reply to `Sim.inject` could come."""

Handler = Callable[["SimBrowser", Command], Json | None]


def _version(browser: SimBrowser, _command: Command) -> Json:
    return browser.version()


def _close_browser(browser: SimBrowser, command: Command) -> None:
    browser.reply(command, {})
    browser.die("closed")


def _process_info(browser: SimBrowser, _command: Command) -> Json:
    return {"processInfo": [{"type": "browser", "id": browser.pid, "cpuTime": 0.0}]}


def _discover(browser: SimBrowser, command: Command) -> Json:
    client = command.client
    discovers = bool(wanted(command.params, "discover", bool))
    if discovers and not client.discovers:
        for page in browser.pages.values():
            client.say({"method": "Target.targetCreated", "params": {"targetInfo": page.info()}})
    client.discovers = discovers
    return {}


def _targets(browser: SimBrowser, _command: Command) -> Json:
    return {"targetInfos": [page.info() for page in browser.pages.values()]}


def _target_info(browser: SimBrowser, command: Command) -> Json:
    return {"targetInfo": _page(browser, command, "No target with given id found").info()}


def _contexts(browser: SimBrowser, _command: Command) -> Json:
    own = [context.id for context in browser.contexts.values() if context is not browser.default_context]
    return {"browserContextIds": own, "defaultBrowserContextId": browser.default_context.id}


def _create_context(browser: SimBrowser, command: Command) -> Json:
    context = SimContext(browser.ids.new(), command.client if command.params.get("disposeOnDetach") else None)
    browser.contexts[context.id] = context
    return {"browserContextId": context.id}


def _dispose_context(browser: SimBrowser, command: Command) -> Json:
    context_id = wanted(command.params, "browserContextId")
    if context_id not in browser.contexts:
        raise Refusal(-32000, f"Failed to find context with id {context_id}")
    browser.dispose(browser.contexts[context_id])
    return {}


def _create_target(browser: SimBrowser, command: Command) -> Json:
    url = wanted(command.params, "url")
    context = browser.contexts.get(command.params.get("browserContextId", browser.default_context.id))
    if context is None:
        raise Refusal(-32602, "browserContextId")
    return {"targetId": browser.new_page(context, url).target_id}


def _attach(browser: SimBrowser, command: Command) -> Json:
    wanted(command.params, "targetId")
    page = _page(browser, command, "No target with given id found")
    session = SimSession(browser.ids.new(), command.client, page)
    browser.sessions[session.id] = session
    page.sessions.append(session)
    if len(page.sessions) == 1:
        browser.tell_of(page, "Target.targetInfoChanged")
    attached = {"sessionId": session.id, "targetInfo": page.info(), "waitingForDebugger": False}
    command.client.say({"method": "Target.attachedToTarget", "params": attached})
    return {"sessionId": session.id}


def _detach(browser: SimBrowser, command: Command) -> Json:
    session = browser.sessions.get(wanted(command.params, "sessionId"))
    if session is None:
        raise Refusal(-32602, "No session with given id")
    browser.end_session(session)
    return {}


def _close_target(browser: SimBrowser, command: Command) -> None:
    page = _page(browser, command, "No target found for targetId")
    browser.reply(command, {"success": True})
    browser.close(page)


def _get_cookies(browser: SimBrowser, command: Command) -> Json:
    context = browser.contexts.get(command.params.get("browserContextId", ""), browser.default_context)
    return {"cookies": [{"name": name, "value": value} for name, value in context.cookies.items()]}


def _set_cookies(browser: SimBrowser, command: Command) -> Json:
    context = browser.contexts.get(command.params.get("browserContextId", ""), browser.default_context)
    context.cookies.update({cookie["name"]: cookie["value"] for cookie in wanted(command.params, "cookies", list)})
    return {}


def _accept(_browser: SimBrowser, _command: Command) -> Json:
    return {}


def _inject(browser: SimBrowser, command: Command) -> Json:
    """Strike now; a fault with `at` waits for its command instead."""
    try:
        fault = msgspec.convert(command.params, Fault)
    except msgspec.ValidationError as error:
        raise Refusal(-32602, "Invalid parameters", str(error)) from error
    if fault.at:
        browser.faults.append(fault)
        return {}
    if fault.kind in AT_ONCE:
        browser.reply(command, {})
        command.silenced = True
    try:
        browser.strike(fault, command.client)
    except NoVictimError as error:
        raise Refusal(-32602, "Invalid parameters", str(error)) from error
    return {}


def _page(browser: SimBrowser, command: Command, otherwise: str) -> SimPage:
    page = browser.pages.get(command.params.get("targetId", ""))
    if page is None:
        raise Refusal(-32602, otherwise)
    return page


BROWSER: dict[str, Handler] = {
    "Browser.getVersion": _version,
    "Browser.close": _close_browser,
    "Browser.grantPermissions": _accept,
    "SystemInfo.getProcessInfo": _process_info,
    "Target.setDiscoverTargets": _discover,
    "Target.setAutoAttach": _accept,
    "Target.getTargets": _targets,
    "Target.getTargetInfo": _target_info,
    "Target.getBrowserContexts": _contexts,
    "Target.createBrowserContext": _create_context,
    "Target.disposeBrowserContext": _dispose_context,
    "Target.createTarget": _create_target,
    "Target.attachToTarget": _attach,
    "Target.detachFromTarget": _detach,
    "Target.closeTarget": _close_target,
    "Storage.getCookies": _get_cookies,
    "Storage.setCookies": _set_cookies,
    "Sim.inject": _inject,
}

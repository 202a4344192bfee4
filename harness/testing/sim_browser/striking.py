"""How each fault shows: what it does to the browser's state and to the wire. One function a kind; the table at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from harness.testing.sim_browser import navigation
from harness.testing.sim_browser.faults import AT_START, OF_NAVIGATIONS, OF_PAGES, OF_REPLIES, Fault, FaultKind
from harness.testing.sim_browser.model import Command, Json, Renderer, SimPage

if TYPE_CHECKING:
    from harness.testing.sim_browser.browser import SimBrowser
    from harness.testing.sim_browser.client import Client

PARSE_ERROR: Json = {"error": {"code": -32700, "message": "JSON: string literal expected at position 1"}}


class NoVictimError(ValueError):
    """A fault was injected that has nothing to strike."""


def strike(browser: SimBrowser, fault: Fault, client: Client | None, page: SimPage | None) -> None:
    """Let one fault happen now. client: the one whose command it came at, else every one."""
    if fault.kind in AT_START | OF_REPLIES:
        raise NoVictimError(f"{fault.kind} strikes {'at a start' if fault.kind in AT_START else 'at a command'} only")
    if fault.kind in OF_PAGES | OF_NAVIGATIONS:
        _STRIKES_PAGE.get(fault.kind, _next_navigation)(browser, fault, _victim(browser, fault, page))
        return
    _STRIKES[fault.kind](browser, fault, [client] if client is not None else list(browser.clients))


def touch(fault: Fault, command: Command) -> bool:
    """Whether the fault is one of a single reply; it is noted in the command then."""
    if fault.kind == "slow_reply":
        command.slow_s = fault.seconds
    elif fault.kind == "swapped_reply":
        command.swapped = True
    return fault.kind in OF_REPLIES


def _victim(browser: SimBrowser, fault: Fault, page: SimPage | None) -> SimPage:
    found = browser.pages.get(fault.target) if fault.target else page or next(reversed(browser.pages.values()), None)
    if found is None:
        raise NoVictimError(f"{fault.kind} needs a page: there is no {fault.target or 'page'}")
    return found


# --- faults of pages


def _crash(browser: SimBrowser, _fault: Fault, page: SimPage) -> None:
    browser.crash(page, "crashed", 5)


def _kill(browser: SimBrowser, _fault: Fault, page: SimPage) -> None:
    browser.crash(page, "killed", 9)


def _busy(_browser: SimBrowser, _fault: Fault, page: SimPage) -> None:
    if page.renderer is Renderer.IDLE:
        page.renderer = Renderer.BUSY


def _close(browser: SimBrowser, _fault: Fault, page: SimPage) -> None:
    browser.close(page)


def _dialog(browser: SimBrowser, fault: Fault, page: SimPage) -> None:
    if page.renderer is Renderer.IDLE:
        browser.open_dialog(page, "alert", fault.detail, None)


def _stale(browser: SimBrowser, _fault: Fault, page: SimPage) -> None:
    for session in list(page.sessions):
        browser.end_session(session, told=False)


def _foreign(browser: SimBrowser, fault: Fault, page: SimPage) -> None:
    navigation.go(browser, page, fault.detail or "about:blank", None)


def _next_navigation(_browser: SimBrowser, fault: Fault, page: SimPage) -> None:
    page.next_fault = fault


# --- faults of connections and of the browser


def _drop(_browser: SimBrowser, _fault: Fault, clients: list[Client]) -> None:
    for client in clients:
        client.drop()


def _half_open(_browser: SimBrowser, _fault: Fault, clients: list[Client]) -> None:
    for client in clients:
        client.half_open = True


def _oversize(_browser: SimBrowser, _fault: Fault, clients: list[Client]) -> None:
    for client in clients:
        client.wire.oversize()


def _parse_error(_browser: SimBrowser, _fault: Fault, clients: list[Client]) -> None:
    for client in clients:
        client.say(PARSE_ERROR)


def _binary(_browser: SimBrowser, _fault: Fault, clients: list[Client]) -> None:
    for client in clients:
        client.wire.deliver(b"\x00\xff not an envelope", binary=True)


def _freeze(browser: SimBrowser, fault: Fault, _clients: list[Client]) -> None:
    browser.freeze(fault.seconds)


def _death(browser: SimBrowser, _fault: Fault, _clients: list[Client]) -> None:
    browser.die("killed")


_STRIKES_PAGE: dict[FaultKind, Callable[[SimBrowser, Fault, SimPage], None]] = {
    "renderer_crash": _crash,
    "renderer_kill": _kill,
    "renderer_busy": _busy,
    "target_closed": _close,
    "dialog": _dialog,
    "stale_session": _stale,
    "foreign_navigation": _foreign,
}

_STRIKES: dict[FaultKind, Callable[[SimBrowser, Fault, list[Client]], None]] = {
    "socket_drop": _drop,
    "half_open": _half_open,
    "oversized_reply": _oversize,
    "parse_error": _parse_error,
    "binary_frame": _binary,
    "freeze": _freeze,
    "browser_death": _death,
}

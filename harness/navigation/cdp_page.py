"""The page port on Chromium: a session, the leases it is written under, and the page script in an isolated world.

Alternatives of a place are tried in their recorded order; a later one becomes eligible only after a short stagger, and
which one won is told. What has had an effect on the page is counted (`effects`), so that the chain knows whether a step
that lost its connection may be run again.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import anyio

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.cdp.connection import Connection
from harness.cdp.errors import ProtocolError
from harness.cdp.session import Journal, Session, Writer
from harness.navigation.errors import StepError
from harness.navigation.keys import MODIFIERS, key_named
from harness.navigation.map import Chain, Place, Viewport
from harness.navigation.page import Button, Clip, Miss, MouseKind, Point
from harness.navigation.page_state import WORLD, PageState
from harness.navigation.url_policy import check_url
from harness.telemetry.pipeline import Log

PAGE_SCRIPT = Path(__file__).with_name("page_script.js").read_text(encoding="utf-8")
STAGGER_S = 0.4
POLL_S = 0.04
MAX_CLIP_PIXELS = 64e6
_ARIA = re.compile(r"""\[\s*(?P<key>name|role)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)\s*\]""")
_GONE = (
    "Cannot find context",
    "Execution context was destroyed",
    "Inspected target navigated",
    "uniqueContextId not found",
)
_BUTTON_BITS = {"left": 1, "right": 2, "middle": 4, "back": 8, "forward": 16}


class CdpPage:
    """One page target. `guards` are the leases of its owner; `aim` hands the page to a session after (re-)attachment."""

    def __init__(
        self, *, context_id: str, target_id: str, log: Log, allowed_origins: frozenset[str] = frozenset()
    ) -> None:
        self.context_id, self.target_id = context_id, target_id
        self.effects = 0
        self.last_miss: Miss | None = None
        self.journal = Journal()
        self._log = log
        self._allowed_origins = allowed_origins
        self._held_keys: set[str] = set()
        self._pressed: Button | None = None
        self._granted: set[str] = set()
        self._writer: Writer | None = None
        self._state: PageState | None = None
        for method, params in (
            ("Page.enable", {}),
            ("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}),
            ("Inspector.enable", {}),
            ("Page.setLifecycleEventsEnabled", {"enabled": True}),
            ("Emulation.setFocusEmulationEnabled", {"enabled": True}),
            (
                "Page.addScriptToEvaluateOnNewDocument",
                {"source": PAGE_SCRIPT, "worldName": WORLD, "runImmediately": True},
            ),
            ("Runtime.enable", {}),
        ):
            self.journal.note(method, params)

    # --- session and set-up

    @property
    def session(self) -> Session:
        """The session that the page is reached through now."""
        return self._on.session

    @property
    def state(self) -> PageState:
        """What the page's events have told."""
        assert self._state is not None, "the page was not aimed at a session"
        return self._state

    @property
    def _on(self) -> Writer:
        assert self._writer is not None, "the page was not aimed at a session"
        return self._writer

    def guard(self, guards: Sequence[object]) -> None:
        """Write under these leases from now on."""
        self._writer = self.session.writer(guards)

    async def aim(self, connection: Connection, guards: Sequence[object]) -> Session:
        """Attach a session to the target and apply the journal of the set-up, all under `guards`."""
        session = await connection.attach(self.target_id)
        self._state = PageState(session)
        self._writer = session.writer(guards)
        self._granted.clear()
        tree = await session.call("Page.getFrameTree")
        self._state.main_frame = tree["frameTree"]["frame"]["id"]
        self._state.url = tree["frameTree"]["frame"]["url"]
        for method, params in self.journal:
            await self._on.call(method, params, repeatable=True)
        return session

    async def set_up(self, method: str, params: dict[str, Any], key: str = "") -> None:
        """A set-up command: applied now, and again after each reconnect."""
        self.journal.note(method, params, key)
        await self._on.call(method, params, repeatable=True)

    async def answer_dialogs(self) -> None:
        """Answer every dialog by policy (accepted) until cancelled; ends with the session."""
        writer = self._on
        with writer.session.stream("Page.javascriptDialogOpening") as dialogs:
            async for _, params in dialogs:
                self._log.warning(
                    "page.dialog",
                    kind=params.get("type", ""),
                    message=str(params.get("message", ""))[:500],
                    accepted=True,
                )
                try:
                    await self._on.call("Page.handleJavaScriptDialog", {"accept": True})
                except ProtocolError as error:
                    self._log.info("page.dialog", kind="gone", message=error.message, accepted=False)
                except OperationError:
                    return  # the session or its lease is over; whoever lost it tells so

    # --- navigation

    async def navigate(self, url: str) -> None:
        """`Page.navigate`, then the load event of the new document; joins what Page and Network events say."""
        check_url(url, self._allowed_origins)
        state = self.state
        self.effects += 1
        state.status = 0
        result = await self._on.call("Page.navigate", {"url": url})
        if result.get("errorText"):
            raise self._net_error(url, result["errorText"])
        loader = result.get("loaderId")
        if loader:
            self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page's load event did not come")
            while loader not in self.state.loaded:
                if loader in self.state.load_failed:
                    raise self._net_error(url, self.state.load_failed[loader])
                await self.state.changed(1.0)
        self.check_status(400)

    def _net_error(self, url: str, text: str) -> StepError:
        auth = "AUTH" in text
        return StepError(
            "a navigation failed",
            why=text,
            cause=Cause.HTTP_AUTH_REQUIRED if auth else Cause.NET_ERROR,
            url=url,
            may_have_happened=True,
        )

    def check_status(self, at_least: int) -> None:
        """StepError when the main document was answered with this HTTP status or a higher one."""
        status = self.state.status
        if status >= at_least:
            raise StepError(
                f"the page was answered with HTTP status {status}",
                why=f"{self.state.status_url} answered {status}",
                cause=Cause.HTTP_AUTH_REQUIRED if status in {401, 407} else Cause.HTTP_ERROR,
                url=self.state.status_url,
            )

    @property
    def navigations(self) -> int:
        """How often the main frame has navigated so far."""
        return self.state.navigations

    @property
    def url(self) -> str:
        """The main frame's URL."""
        return self.state.url

    async def wait_navigation(self, since: int) -> None:
        """Wait until `navigations` is above `since` and the document has loaded."""
        self.last_miss = Miss(Cause.NAVIGATION_MISSING, "the recorded navigation did not happen")
        while self.state.navigations <= since:
            await self.state.changed(1.0)
        self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page's load event did not come")
        while not self.state.loaded:
            if self.state.status >= 400:
                break
            if await self._ready_state() == "complete":
                break
            await self.state.changed(0.1)
        self.check_status(400)

    async def _ready_state(self) -> str:
        try:
            return str(await self.evaluate("document.readyState"))
        except StepError as error:
            if error.cause is Cause.EXPRESSION_FAILED:
                return "unknown"
            raise

    async def title(self) -> str:
        """The document's title."""
        return str(await self.evaluate("document.title"))

    async def set_viewport(self, viewport: Viewport) -> None:
        """Device metrics and touch, by the journal."""
        await self.set_up(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": viewport.width,
                "height": viewport.height,
                "deviceScaleFactor": viewport.device_scale_factor,
                "mobile": viewport.is_mobile,
                "screenOrientation": {"type": "landscapePrimary", "angle": 90}
                if viewport.is_landscape
                else {"type": "portraitPrimary", "angle": 0},
            },
        )
        await self.set_up("Emulation.setTouchEmulationEnabled", {"enabled": viewport.has_touch})

    # --- elements

    async def point(self, place: Place) -> Point:
        """Where to act; see the port."""
        if not place.selectors:
            return await self._viewport_point(place)
        while True:
            found = await self.run(place, "point", place.offset, place.relative)
            if "wait" not in found:
                if not found["inside"]:
                    self._log.warning(
                        "step.drift", field="offset", expected="inside the element", found=f"{place.offset} misses it"
                    )
                return Point(found["x"], found["y"])
            self.last_miss = Miss(Cause.ELEMENT_NOT_ACTIONABLE, found["wait"])
            await anyio.sleep(POLL_S)

    async def _viewport_point(self, place: Place) -> Point:
        if place.point is not None:
            return Point(*place.point)
        if place.relative is None:
            raise StepError("a step names no place", why="no selector and no coordinates", cause=Cause.STEP_INVALID)
        width, height = await self.evaluate("[innerWidth, innerHeight]")
        return Point(place.relative[0] * width, place.relative[1] * height)

    async def run(self, place: Place, function: str, *arguments: Any) -> Any:
        """Find the element and run a page-script function on it; see the port."""
        started = anyio.current_time()
        self.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, f"no element for {_names(place)}")
        while True:
            elapsed = anyio.current_time() - started
            for number, chain in enumerate(place.selectors):
                if number * STAGGER_S > elapsed:
                    break
                found = await self._run_chain(place.frame, chain, "run", [function, list(arguments)])
                if found is not None:
                    if number:
                        self._log.info("step.fallback", alternative=number, selector=" >> ".join(chain))
                    return found["value"]
            self.check_status(500)
            await anyio.sleep(POLL_S)

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """All elements of the first alternative that finds any; see the port."""
        for chain in place.selectors:
            found = await self._run_chain(place.frame, chain, "survey", [list(properties), list(attributes)])
            if found:
                return list(found)
        self.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, f"no element for {_names(place)}")
        self.check_status(500)
        return []

    async def _run_chain(self, frame: tuple[int, ...], chain: Chain, entry: str, arguments: list[Any]) -> Any:
        """One look with one chain; None when nothing is there (yet), or while the document changes."""
        world = await self._world(frame, isolated=True)
        if world is None:
            return None
        try:
            if not any(part.startswith("aria/") for part in chain):
                return await self._call_script(world, None, chain, entry, arguments)
            return await self._run_aria(world, chain, entry, arguments)
        except ProtocolError as error:
            if any(text in error.message for text in _GONE) or "No node" in error.message:
                return None
            raise

    async def _call_script(self, world: int, root: str | None, chain: Chain, entry: str, arguments: list[Any]) -> Any:
        where = {"objectId": root} if root else {"executionContextId": world}
        result = await self._on.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(entry, chain, args) "
                "{ return harness[entry](this instanceof Node ? this : document, chain, ...args); }",
                "arguments": [{"value": entry}, {"value": list(chain)}, {"value": arguments}],
                "returnByValue": True,
                "awaitPromise": True,
                **where,
            },
            repeatable=True,
        )
        if "exceptionDetails" in result:
            why = _exception_text(result["exceptionDetails"])
            if "SyntaxError" in why or "not a valid" in why:
                self.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, why)
                return None
            if "harness is not defined" in why:
                return None
            raise StepError("the page script failed", why=why, cause=Cause.STRATEGY_DEFECT)
        return result["result"].get("value")

    async def _run_aria(self, world: int, chain: Chain, entry: str, arguments: list[Any]) -> Any:
        """A chain with accessibility selectors: the browser's own accessibility tree finds, the page script acts."""
        document = await self._on.call(
            "Runtime.evaluate",
            {"expression": "document", "contextId": world, "objectGroup": WORLD},
            repeatable=True,
        )
        root = document["result"]["objectId"]
        try:
            for number, part in enumerate(chain):
                if not part.startswith("aria/"):
                    return await self._call_script(world, root, chain[number:], entry, arguments)
                found = await self._query_aria(world, root, part)
                if found is None:
                    return None
                root = found
            return await self._call_script(world, root, (), entry, arguments)
        finally:
            if self.session.make_error is None:
                await self._on.call("Runtime.releaseObjectGroup", {"objectGroup": WORLD}, repeatable=True)

    async def _query_aria(self, world: int, root: str, selector: str) -> str | None:
        wanted = {match["key"]: match["value"] for match in _ARIA.finditer(selector)}
        name = wanted.get("name", _ARIA.sub("", selector.removeprefix("aria/")).strip())
        params: dict[str, Any] = {"objectId": root}
        if name:
            params["accessibleName"] = name
        if "role" in wanted:
            params["role"] = wanted["role"]
        tree = await self._on.call("Accessibility.queryAXTree", params, repeatable=True)
        for node in tree["nodes"]:
            role = (node.get("role") or {}).get("value")
            if node.get("ignored") or role in {"StaticText", "InlineTextBox"} or "backendDOMNodeId" not in node:
                continue
            resolved = await self._on.call(
                "DOM.resolveNode",
                {"backendNodeId": node["backendDOMNodeId"], "executionContextId": world, "objectGroup": WORLD},
                repeatable=True,
            )
            return str(resolved["object"]["objectId"])
        return None

    async def _world(self, frame: tuple[int, ...], *, isolated: bool) -> int | None:
        frame_id = self.state.main_frame
        if frame:
            tree = (await self.session.call("Page.getFrameTree"))["frameTree"]
            for index in frame:
                children = tree.get("childFrames", [])
                if index >= len(children):
                    self.last_miss = Miss(Cause.ELEMENT_NOT_FOUND, f"there is no frame {'/'.join(map(str, frame))}")
                    return None
                tree = children[index]
            frame_id = tree["frame"]["id"]
        return self.state.world(frame_id, isolated=isolated)

    # --- input

    def _modifiers(self) -> int:
        return sum(bit for name, bit in MODIFIERS.items() if name in self._held_keys)

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """`Input.dispatchMouseEvent`."""
        self.effects += kind != "mouseMoved"
        if kind == "mousePressed":
            self._pressed = button
        held = self._pressed
        if kind == "mouseReleased":
            self._pressed = None
        await self._on.call(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": at.x,
                "y": at.y,
                "button": button if kind != "mouseMoved" else (held or "none"),
                "buttons": _BUTTON_BITS[held] if held and kind != "mouseReleased" else 0,
                "clickCount": click_count,
                "modifiers": self._modifiers(),
            },
        )

    async def wheel(self, at: Point, dx: float, dy: float) -> None:
        """One wheel event."""
        self.effects += 1
        await self._on.call(
            "Input.dispatchMouseEvent", {"type": "mouseWheel", "x": at.x, "y": at.y, "deltaX": dx, "deltaY": dy}
        )

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """`Input.dispatchKeyEvent`; modifiers stay held until they are released."""
        key = key_named(name)
        if key is None:
            raise StepError(f"there is no key named {name!r}", why="see the DOM's key values", cause=Cause.STEP_INVALID)
        self.effects += 1
        if kind == "down":
            self._held_keys.add(key.key)
        else:
            self._held_keys.discard(key.key)
        types_text = bool(key.text) and not self._held_keys & {"Control", "Alt", "Meta"}
        params: dict[str, Any] = {
            "type": "keyUp" if kind == "up" else ("keyDown" if types_text else "rawKeyDown"),
            "key": key.key,
            "code": key.code,
            "windowsVirtualKeyCode": key.key_code,
            "location": key.location,
            "modifiers": self._modifiers(),
        }
        if kind == "down" and types_text:
            params["text"] = params["unmodifiedText"] = key.text
        await self._on.call("Input.dispatchKeyEvent", params)

    async def release_keys(self) -> None:
        """Release every key that is still held: a recording may end with one down."""
        for name in sorted(self._held_keys):
            await self.key("up", name)

    async def insert_text(self, text: str) -> None:
        """`Input.insertText`."""
        self.effects += 1
        await self._on.call("Input.insertText", {"text": text})

    async def paste_at_focus(self) -> None:
        """Control+V with the editing command named, since a synthetic chord alone runs no editor command."""
        self.effects += 1
        chord = {"key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": MODIFIERS["Control"]}
        await self._on.call("Input.dispatchKeyEvent", {"type": "rawKeyDown", "commands": ["paste"], **chord})
        await self._on.call("Input.dispatchKeyEvent", {"type": "keyUp", **chord})

    # --- scripts, clipboard, pictures

    async def evaluate(self, expression: str, frame: tuple[int, ...] = ()) -> Any:
        """In the page's own world; the expression comes from the map, never from data."""
        world = await self._world(frame, isolated=False) if frame else None
        if frame and world is None:
            raise StepError(
                "the expression's frame is not there", why="there is no such frame", cause=Cause.EXPRESSION_FAILED
            )
        try:
            result = await self._on.call(
                "Runtime.evaluate",
                {
                    "expression": expression,
                    "returnByValue": True,
                    "awaitPromise": True,
                    **({"contextId": world} if world is not None else {}),
                },
                repeatable=True,
            )
        except ProtocolError as error:
            if any(text in error.message for text in _GONE):
                raise StepError(
                    "the document changed under an expression", why=error.message, cause=Cause.EXPRESSION_FAILED
                ) from error
            raise
        if "exceptionDetails" in result:
            raise StepError(
                "an expression threw", why=_exception_text(result["exceptionDetails"]), cause=Cause.EXPRESSION_FAILED
            )
        return result["result"].get("value")

    async def write_clipboard(self, text: str) -> None:
        """`navigator.clipboard.writeText` in the isolated world; the text travels as a call argument."""
        await self._allow_clipboard()
        world = await self._world((), isolated=True)
        self.effects += 1
        result = await self._on.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(text) { return navigator.clipboard.writeText(text); }",
                "arguments": [{"value": text}],
                "executionContextId": world,
                "awaitPromise": True,
                "userGesture": True,
            },
        )
        if "exceptionDetails" in result:
            raise StepError(
                "the clipboard refused the text",
                why=_exception_text(result["exceptionDetails"]).partition("\n")[0][:200],
                todo="the page must be a secure origin (https or loopback)",
                cause=Cause.CLIPBOARD_REFUSED,
            )

    async def _allow_clipboard(self) -> None:
        origin = str(await self.evaluate("location.origin"))
        if origin in self._granted:
            return
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        await self.session.connection.call(
            "Browser.grantPermissions",
            {"origin": origin, "browserContextId": self.context_id, "permissions": permissions},
        )
        self._granted.add(origin)
        for permission in permissions:
            self._log.info("permission.granted", origin=origin, permission=permission)

    async def emulate_network(self, download_bytes_per_s: float, upload_bytes_per_s: float, latency_s: float) -> None:
        """`Network.emulateNetworkConditions`; survives a reconnect."""
        await self.set_up(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "downloadThroughput": download_bytes_per_s,
                "uploadThroughput": upload_bytes_per_s,
                "latency": latency_s * 1e3,
            },
        )

    async def screenshot(self, clip: Clip | None) -> bytes:
        """PNG bytes; a clip that is not finite, not positive or too large is refused before it is sent."""
        params: dict[str, Any] = {"format": "png"}
        if clip is not None:
            numbers = (*clip,)
            if not all(math.isfinite(number) for number in numbers) or clip.width <= 0 or clip.height <= 0:
                raise StepError("the picture's region is not usable", why=f"{clip}", cause=Cause.STEP_INVALID)
            if not 0 < clip.scale <= 8 or clip.width * clip.height * clip.scale**2 > MAX_CLIP_PIXELS:
                raise StepError("the picture's region is too large", why=f"{clip}", cause=Cause.STEP_INVALID)
            params |= {"clip": clip._asdict(), "captureBeyondViewport": True}
        result = await self._on.call("Page.captureScreenshot", params, repeatable=True)
        return base64.b64decode(result["data"])

    async def close(self) -> None:
        """`Target.closeTarget`: passes `beforeunload` by; the target is written to under the session's lease."""
        self.effects += 1
        self.session.closing = True
        await self._on.call("Page.close")


def _names(place: Place) -> str:
    return " | ".join(" >> ".join(chain) for chain in place.selectors) or "(no selector)"


def _exception_text(details: dict[str, Any]) -> str:
    described = (details.get("exception") or {}).get("description") or details.get("text") or "an exception"
    return str(described)[:500]

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
from harness.cdp.errors import ProtocolError, SessionDetachedError
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
PROBES = "harness-probes"
MAX_CLIP_PIXELS = 64e6
_ARIA = re.compile(r"""\[\s*(?P<key>name|role)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)\s*\]""")
_GONE = (
    "Cannot find context",
    "Execution context was destroyed",
    "Inspected target navigated",
    "Promise was collected",
    "uniqueContextId not found",
)
_NO_NODE = re.compile(r"(node|object) with given id", re.IGNORECASE)
_BUTTON_BITS = {"left": 1, "right": 2, "middle": 4, "back": 8, "forward": 16}


class CdpPage:
    """One page target. `guards` are the leases of its owner; `aim` hands the page to a session after (re-)attachment."""

    def __init__(
        self, *, context_id: str, target_id: str, log: Log, allowed_origins: frozenset[str] = frozenset()
    ) -> None:
        self.context_id, self.target_id = context_id, target_id
        self.effects = 0
        self.last_miss: Miss | None = None
        self._hint = ""  # why the look that is under way finds nothing, where there is more to say than that
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
        self._state.stands_on(tree["frameTree"]["frame"])
        for method, params in self.journal:
            await self._on.call(method, params, repeatable=True)
        return session

    async def set_up(self, method: str, params: dict[str, Any], key: str = "") -> None:
        """A set-up command: applied now, and again after each reconnect. One that was refused is not remembered."""
        await self._on.call(method, params, repeatable=True)
        self.journal.note(method, params, key)

    async def answer_dialogs(self) -> None:
        """Answer every dialog by policy (accepted, a prompt with its own proposal) until cancelled; ends with the session.

        A dialog that opened before, while nobody answered, is answered at once.
        """
        session = self.session
        with session.stream("Page.javascriptDialogOpening") as dialogs:
            if self.state.dialog is not None:
                await self._answer(self.state.dialog)
            async for _, params in dialogs:
                if session.make_error is not None:
                    return
                await self._answer(params)

    async def _answer(self, dialog: dict[str, Any]) -> None:
        self._log.warning(
            "page.dialog",
            kind=dialog.get("type", ""),
            message=str(dialog.get("message", ""))[:500],
            accepted=True,
        )
        answer: dict[str, Any] = {"accept": True}
        if dialog.get("type") == "prompt":
            answer["promptText"] = dialog.get("defaultPrompt", "")
        try:
            await self._on.call("Page.handleJavaScriptDialog", answer)
        except OperationError as error:
            # It is gone, or the session is, or the leases are: whoever waits for the page learns it by its own command.
            self._log.info("page.dialog", kind="gone", message=error.why, accepted=False)

    # --- navigation

    async def navigate(self, url: str) -> None:
        """`Page.navigate`, then the load event of the new document; joins what Page and Network events say."""
        check_url(url, self._allowed_origins)
        self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page did not answer in time")
        before = self.navigations
        result = await self._act("Page.navigate", {"url": url})
        loader = result.get("loaderId", "")
        if result.get("errorText"):
            status = self.state.answer_to(loader)
            raise self._net_error(url, result["errorText"] + (f", after HTTP status {status}" if status else ""))
        if loader:
            await self._wait_loaded(loader)
        else:  # a move within the document; its event may come after the reply
            await self.wait_navigation(before)
        self.check_status(400)

    async def _wait_loaded(self, loader: str) -> None:
        """Wait for the load event of this document, or of the one that took its place meanwhile."""
        self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page's load event did not come")
        while True:
            state = self.state
            present = state.loaders[-1] if loader in state.loaders else loader
            if present in state.load_failed:
                raise self._net_error(state.url, state.load_failed[present])
            if present in state.loaded:
                return
            if present == state.loaders[-1]:  # before that, the status is the document's that is being left
                self.check_status(400)
            await self._wait_event()

    async def _wait_event(self) -> None:
        """Return at the next event of the page, or soon; raises what ended the session, which brings no more events."""
        if self.session.make_error is not None:
            raise self.session.make_error("an awaited event")
        await self.state.changed(0.2)

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
            await self._wait_event()
        await self._wait_loaded(self.state.loaders[-1])
        self.check_status(400)

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

    async def point(self, place: Place, *, enabled: bool = True) -> Point:
        """Where to act; see the port."""
        if not place.selectors:
            return await self._viewport_point(place)
        started = anyio.current_time()
        while True:
            found = await self._look(place, started, "point", place.offset, place.relative, enabled)
            at = found["value"] if found else {}
            if "x" in at:
                if not at["inside"]:
                    self._log.warning(
                        "step.drift", field="offset", expected="inside the element", found=f"{place.offset} misses it"
                    )
                left, top = await self._frame_corner(place.frame)
                return Point(left + at["x"], top + at["y"])
            if at:
                self.last_miss = Miss(Cause.ELEMENT_NOT_ACTIONABLE, at["wait"])
            self.check_status(500)
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
        while True:
            found = await self._look(place, started, function, *arguments)
            if found is not None:
                return found["value"]
            self.check_status(500)
            await anyio.sleep(POLL_S)

    async def _look(self, place: Place, started: float, function: str, *arguments: Any) -> dict[str, Any] | None:
        """One look with each alternative that is eligible by now; None when no element is there.

        An element that cannot be acted on yet (`wait`) is the answer only where no later alternative has a better one.
        `last_miss` changes when the look is over, never before: a deadline in the middle of it tells what was seen last.
        """
        self._hint = ""
        elapsed = anyio.current_time() - started
        waiting: dict[str, Any] | None = None
        for number, chain in enumerate(place.selectors):
            if number * STAGGER_S > elapsed:
                break
            found = await self._run_chain(place.frame, chain, "run", [function, list(arguments)])
            if found is None:
                continue
            if isinstance(found["value"], dict) and "wait" in found["value"]:
                waiting = waiting or found
                continue
            if number:
                self._log.info("step.fallback", alternative=number, selector=" >> ".join(chain))
            self.last_miss = None
            return dict(found)
        if waiting is None:
            self.last_miss = self._not_found(place)
        return waiting

    def _not_found(self, place: Place) -> Miss:
        return Miss(Cause.ELEMENT_NOT_FOUND, self._hint or f"no element for {_names(place)}")

    async def survey(
        self, place: Place, properties: Sequence[str] = (), attributes: Sequence[str] = ()
    ) -> list[dict[str, Any]]:
        """All elements of the first alternative that finds any; see the port."""
        self._hint = ""
        for chain in place.selectors:
            found = await self._run_chain(place.frame, chain, "survey", [list(properties), list(attributes)])
            if found:
                return list(found)
        self.last_miss = self._not_found(place)
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
            if any(text in error.message for text in _GONE) or _NO_NODE.search(error.message):
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
                self._hint = why
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
        top = root = document["result"]["objectId"]
        pending: list[str] = []
        try:
            for part in chain:
                if not part.startswith("aria/"):
                    pending.append(part)
                    continue
                host = await self._query_script(root, pending) if pending else root
                found = await self._query_aria(world, top, host, part) if host else None
                if found is None:
                    return None
                root, pending = found, []
            return await self._call_script(world, root, tuple(pending), entry, arguments)
        finally:
            if self.session.make_error is None:
                await self._on.call("Runtime.releaseObjectGroup", {"objectGroup": WORLD}, repeatable=True)

    async def _query_script(self, root: str, chain: Sequence[str]) -> str | None:
        """The element that a chain of the page script's own selectors leads to, as an object of the browser."""
        result = await self._on.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(chain) { return harness.find(this, chain); }",
                "arguments": [{"value": list(chain)}],
                "objectId": root,
                "objectGroup": WORLD,
            },
            repeatable=True,
        )
        if "exceptionDetails" in result:
            self._hint = _exception_text(result["exceptionDetails"])
            return None
        found = result["result"].get("objectId")
        return None if found is None else str(found)

    async def _query_aria(self, world: int, top: str, host: str, selector: str) -> str | None:
        """The first element of this name and role within a host. The whole document is asked: Chromium 156 finds nothing
        under an element that is no node of its accessibility tree, as many a shadow host is none."""
        wanted = {match["key"]: match["value"] for match in _ARIA.finditer(selector)}
        name = wanted.get("name", _ARIA.sub("", selector.removeprefix("aria/")).strip())
        params: dict[str, Any] = {"objectId": top}
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
            found = str(resolved["object"]["objectId"])
            if host == top or await self._contains(host, found):
                return found
        return None

    async def _contains(self, host: str, element: str) -> bool:
        result = await self._on.call(
            "Runtime.callFunctionOn",
            {
                "functionDeclaration": "function(element) { return harness.contains(this, element); }",
                "arguments": [{"objectId": element}],
                "objectId": host,
                "returnByValue": True,
            },
            repeatable=True,
        )
        return bool(result["result"].get("value"))

    async def _world(self, frame: tuple[int, ...], *, isolated: bool) -> int | None:
        frame_id = await self._frame_id(frame)
        return None if frame_id is None else self.state.world(frame_id, isolated=isolated)

    async def _frame_id(self, frame: tuple[int, ...]) -> str | None:
        """The frame at this path of indices; None while there is none."""
        if not frame:
            return self.state.main_frame
        tree = (await self.session.call("Page.getFrameTree"))["frameTree"]
        for index in frame:
            children = tree.get("childFrames", [])
            if index >= len(children):
                self._hint = f"there is no frame {'/'.join(map(str, frame))}"
                return None
            tree = children[index]
        return str(tree["frame"]["id"])

    async def _frame_corner(self, frame: tuple[int, ...]) -> tuple[float, float]:
        """Where the content of a frame begins in the main viewport. The browser is asked: a frame of another origin
        cannot tell."""
        frame_id = await self._frame_id(frame)
        if not frame or frame_id is None:
            return 0.0, 0.0
        owner = await self.session.call("DOM.getFrameOwner", {"frameId": frame_id})
        box = await self.session.call("DOM.getBoxModel", {"backendNodeId": owner["backendNodeId"]})
        left, top = box["model"]["content"][:2]
        return left, top

    # --- input

    async def _act(self, method: str, params: dict[str, Any]) -> Any:
        """Send a command that has an effect; it is counted unless it is certain that it did not happen."""
        self.effects += 1
        try:
            return await self._on.call(method, params, timeout_s=self._patience_s())
        except OperationError as error:
            self.effects -= not error.may_have_happened
            raise

    def _patience_s(self) -> float | None:
        """A command that may wait for the page gets what is left of the step's own deadline, never less than usual."""
        left_s = anyio.current_effective_deadline() - anyio.current_time()
        return max(left_s, self.session.connection.timeout_s) if math.isfinite(left_s) else None

    def _modifiers(self) -> int:
        return sum(bit for name, bit in MODIFIERS.items() if name in self._held_keys)

    async def mouse(self, kind: MouseKind, at: Point, button: Button = "left", click_count: int = 0) -> None:
        """`Input.dispatchMouseEvent`."""
        if kind == "mousePressed":
            self._pressed = button
        held = self._pressed
        if kind == "mouseReleased":
            self._pressed = None
        send = self._on.call if kind == "mouseMoved" else self._act
        await send(
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
        await self._act(
            "Input.dispatchMouseEvent", {"type": "mouseWheel", "x": at.x, "y": at.y, "deltaX": dx, "deltaY": dy}
        )

    async def key(self, kind: Literal["down", "up"], name: str) -> None:
        """`Input.dispatchKeyEvent`; modifiers stay held until they are released."""
        key = key_named(name)
        if key is None:
            raise StepError(f"there is no key named {name!r}", why="see the DOM's key values", cause=Cause.STEP_INVALID)
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
        await self._act("Input.dispatchKeyEvent", params)

    async def release_keys(self) -> None:
        """Release every key that is still held: a recording may end with one down."""
        for name in sorted(self._held_keys):
            await self.key("up", name)

    async def insert_text(self, text: str) -> None:
        """`Input.insertText`."""
        await self._act("Input.insertText", {"text": text})

    async def paste_at_focus(self) -> None:
        """Control+V with the editing command named, since a synthetic chord alone runs no editor command."""
        chord = {"key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": MODIFIERS["Control"]}
        await self._act("Input.dispatchKeyEvent", {"type": "rawKeyDown", "commands": ["paste"], **chord})
        await self._act("Input.dispatchKeyEvent", {"type": "keyUp", **chord})

    # --- scripts, clipboard, pictures

    async def evaluate(self, expression: str, frame: tuple[int, ...] = ()) -> Any:
        """In the page's own world; the expression comes from the map, never from data."""
        return (await self._evaluate(expression, frame, returnByValue=True)).get("value")

    async def holds(self, expression: str, frame: tuple[int, ...] = ()) -> bool:
        """Whether an expression is truthy as JavaScript sees it; see the port."""
        found = await self._evaluate(expression, frame, objectGroup=PROBES)
        if "objectId" not in found:
            return bool(found.get("value")) or found.get("unserializableValue", "0") not in {
                "NaN",
                "-0",
                "0",
                "0n",
                "-0n",
            }
        await self._on.call("Runtime.releaseObjectGroup", {"objectGroup": PROBES}, repeatable=True)
        return True

    async def _evaluate(self, expression: str, frame: tuple[int, ...], **options: Any) -> dict[str, Any]:
        world = await self._world(frame, isolated=False) if frame else None
        if frame and world is None:
            raise StepError(
                "the expression's frame is not there", why="there is no such frame", cause=Cause.EXPRESSION_FAILED
            )
        where = {} if world is None else {"contextId": world}
        try:
            result = await self._on.call(
                "Runtime.evaluate",
                {"expression": expression, "awaitPromise": True, **options, **where},
                repeatable=True,
                timeout_s=self._patience_s(),
            )
        except ProtocolError as error:
            raise StepError(
                "an expression could not be evaluated", why=error.message, cause=Cause.EXPRESSION_FAILED
            ) from error
        if "exceptionDetails" in result:
            raise StepError(
                "an expression threw", why=_exception_text(result["exceptionDetails"]), cause=Cause.EXPRESSION_FAILED
            )
        return dict(result["result"])

    async def write_clipboard(self, text: str) -> None:
        """`navigator.clipboard.writeText` in the isolated world; the text travels as a call argument."""
        await self._allow_clipboard()
        while (world := await self._world((), isolated=True)) is None:
            await self._wait_event()  # the document is just being replaced
        result = await self._act(
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
        try:
            await self.session.connection.call(
                "Browser.grantPermissions",
                {"origin": origin, "browserContextId": self.context_id, "permissions": permissions},
            )
        except ProtocolError as error:
            raise StepError(
                "the page may not use the clipboard",
                why=f"{error.message} (origin {origin})",
                todo="the page must be a secure origin (https or loopback)",
                cause=Cause.CLIPBOARD_REFUSED,
            ) from error
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
            numeric = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
            if not numeric or clip.width <= 0 or clip.height <= 0:
                raise StepError("the picture's region is not usable", why=f"{clip}", cause=Cause.STEP_INVALID)
            if not 0 < clip.scale <= 8 or clip.width * clip.height * clip.scale**2 > MAX_CLIP_PIXELS:
                raise StepError("the picture's region is too large", why=f"{clip}", cause=Cause.STEP_INVALID)
            params |= {"clip": clip._asdict(), "captureBeyondViewport": True}
        result = await self._on.call("Page.captureScreenshot", params, repeatable=True)
        return base64.b64decode(result["data"])

    async def close(self) -> None:
        """`Page.close`, under the session's lease, until the target is gone; `beforeunload` is answered by policy."""
        self.session.closing = True
        self.last_miss = Miss(Cause.STEP_TIMEOUT, "the page did not close")
        try:
            await self._act("Page.close", {})
            while True:
                await self._wait_event()
        except SessionDetachedError:
            return


def _names(place: Place) -> str:
    return " | ".join(" >> ".join(chain) for chain in place.selectors) or "(no selector)"


def _exception_text(details: dict[str, Any]) -> str:
    described = (details.get("exception") or {}).get("description") or details.get("text") or "an exception"
    return str(described)[:500]

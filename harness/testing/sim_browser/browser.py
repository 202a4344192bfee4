"""The simulated browser: takes commands from its clients, holds the model, tells events, and lets faults strike.

It does no I/O and waits for nothing, so the same commands in the same order bring the same bytes for the same seed. What
carries the messages is a `Wire`: in memory (memory.py), a WebSocket server (server.py), a pair of pipes (pipes.py).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from harness.testing.sim_browser import navigation
from harness.testing.sim_browser.browser_commands import BROWSER
from harness.testing.sim_browser.client import Client, Wire
from harness.testing.sim_browser.expressions import answer_to, remote
from harness.testing.sim_browser.faults import AT_START, OF_NAVIGATIONS, OF_PAGES, Fault
from harness.testing.sim_browser.model import Command, Ids, Json, Refusal, Renderer, SimContext, SimPage, SimSession
from harness.testing.sim_browser.page_commands import BROWSER_SIDE, RENDERER_SIDE
from harness.testing.sim_browser.site import Document
from harness.testing.sim_browser.striking import strike, touch

Later = Callable[[float, Callable[[], None]], object]
UnheardDialogs = Literal["dismissed", "held"]
"""What becomes of a dialog that no session hears: the headless shell dismisses it, the full browser lets its page hang."""

_NO_SESSION = {"code": -32001, "message": "Session with given id not found."}


def _in_loop(seconds: float, act: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, act)


class SimBrowser:
    """faults: the script. start: how often this browser was started before, plus one; its ids follow from seed and start.
    later: calls a function after so many seconds (the running loop's, unless told otherwise). on_death: told once when the
    browser dies or is closed; the executable form ends its process there."""

    def __init__(
        self,
        *,
        seed: int = 1,
        site: Mapping[str, Document] | None = None,
        faults: Sequence[Fault] = (),
        start: int = 1,
        unheard_dialogs: UnheardDialogs = "dismissed",
        later: Later = _in_loop,
        on_death: Callable[[str], None] = lambda _how: None,
        pid: int = 1,
    ) -> None:
        self.seed, self.site, self.start, self.pid = seed, dict(site or {}), start, pid
        self.faults = [fault for fault in faults if fault.start in {0, start} and fault.kind not in AT_START]
        self.struck: list[Fault] = []
        self.commands: list[tuple[str, Json]] = []
        self.clients: list[Client] = []
        self.user_agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) SimBrowser/1.0"
        self.unheard_dialogs = unheard_dialogs
        self._later = later
        self._on_death = on_death
        self._on_thaw: list[Callable[[], None]] = []
        self._begin()

    def _begin(self) -> None:
        self.ids = Ids(self.seed, self.start)
        self.id = self.ids.uuid()
        self.dead = self.frozen = False
        self.clipboard = ""
        self.sessions: dict[str, SimSession] = {}
        self.pages: dict[str, SimPage] = {}
        self.default_context = SimContext(self.ids.new())
        self.contexts = {self.default_context.id: self.default_context}
        self._seen: Counter[str] = Counter()
        self._ticks = 0
        self.new_page(self.default_context, "about:blank")

    # --- its clients

    @property
    def path(self) -> str:
        """The path of its WebSocket address; another start has another one."""
        return f"/devtools/browser/{self.id}"

    def version(self) -> Json:
        """The reply to `Browser.getVersion`."""
        return {
            "protocolVersion": "1.3",
            "product": "SimBrowser/1.0",
            "revision": "@sim",
            "userAgent": self.user_agent,
            "jsVersion": "1.0",
        }

    def connect(self, wire: Wire) -> Client:
        """A new client on this wire."""
        client = Client(self, wire)
        self.clients.append(client)
        return client

    def forget(self, client: Client) -> None:
        """A client is gone: its sessions end, and the contexts that die with it."""
        self.clients.remove(client)
        for session in [session for session in self.sessions.values() if session.client is client]:
            self.end_session(session, told=False)
        for context in [context for context in self.contexts.values() if context.owner is client]:
            self.dispose(context)

    def take(self, client: Client, message: bytes | str) -> None:
        """One message of a client; kept for later while the browser is frozen."""
        if self.frozen:
            self.when_thawed(lambda: client.receive(message))
            return
        try:
            command = self._read(client, message)
        except Refusal as refusal:
            client.say({"error": refusal.body})
            return
        if command is not None:
            self._run_with_faults(command)

    def _read(self, client: Client, message: bytes | str) -> Command | None:
        try:
            raw: Any = msgspec.json.decode(message)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refusal(-32700, f"JSON: {error}") from error
        if not isinstance(raw, dict):
            raise Refusal(-32600, "Message must be an object")
        if not isinstance(raw.get("id"), int):
            raise Refusal(-32600, "Message must have integer 'id' property")
        if not isinstance(raw.get("method"), str):
            body = {"code": -32600, "message": "Message must have string 'method' property"}
            client.say({"id": raw["id"], "error": body})
            return None
        session_id = raw.get("sessionId")
        session = self.sessions.get(session_id) if session_id else None
        if session_id and (session is None or session.client is not client):
            client.say({"id": raw["id"], "error": _NO_SESSION})
            return None
        return Command(client, raw["id"], raw["method"], raw.get("params") or {}, session)

    # --- commands and the faults that come at them

    def _run_with_faults(self, command: Command) -> None:
        self.commands.append((command.method, command.params))
        self._seen[command.method] += 1
        self._seen[""] += 1
        due = [fault for fault in self.faults if self._seen[fault.at] == fault.nth and fault.at in {"", command.method}]
        page = command.session.page if command.session else None
        late = []
        for fault in due:
            self.faults.remove(fault)
            self.struck.append(fault)
            if touch(fault, command):
                continue
            if fault.kind in OF_NAVIGATIONS or (fault.when == "before" and fault.kind in OF_PAGES):
                strike(self, fault, command.client, page)
            elif fault.when == "before":
                strike(self, fault, command.client, page)
                return  # it never takes effect
            else:
                command.silenced = command.silenced or fault.kind not in {"parse_error", "foreign_navigation"}
                late.append(fault)
        self._run(command)
        for fault in late:
            strike(self, fault, command.client, page)

    def _run(self, command: Command) -> None:
        try:
            if command.session is not None:
                result = self._run_on_page(command, command.session)
            elif command.method in BROWSER:
                result = BROWSER[command.method](self, command)
            else:
                raise Refusal(-32601, f"'{command.method}' wasn't found")
        except Refusal as refusal:
            self.refuse(command, refusal.body)
        else:
            if result is not None:
                self.reply(command, result)

    def _run_on_page(self, command: Command, session: SimSession) -> Json | None:
        page = session.page
        if session.id not in self.sessions:
            self.refuse(command, _NO_SESSION)
            return None
        if command.method in BROWSER_SIDE:
            return BROWSER_SIDE[command.method](self, command, session)
        if command.method not in RENDERER_SIDE:
            raise Refusal(-32601, f"'{command.method}' wasn't found")
        if page.renderer is not Renderer.IDLE or page.pending is not None:
            page.waiting.append(command)
            return None
        return RENDERER_SIDE[command.method](self, command, session)

    def work_off(self, page: SimPage) -> None:
        """The renderer is free again: what waited for it, in order."""
        while page.waiting and page.renderer is Renderer.IDLE and page.pending is None:
            self._run(page.waiting.popleft())

    def nobodys(self) -> Command:
        """A command that nobody sent, for what a page does by itself."""
        return Command(Client(self, _Nowhere()), 0, "", {}, None, silenced=True)

    def reply(self, command: Command, result: Json) -> None:
        """Answer a command, unless its reply is lost."""
        self._answer(command, {"id": command.id, "result": result})

    def refuse(self, command: Command, error: Json) -> None:
        """Answer a command with an error."""
        self._answer(command, {"id": command.id, "error": error})

    def _answer(self, command: Command, message: Json) -> None:
        if command.silenced:
            return
        if command.session is not None and message.get("error") is not _NO_SESSION:
            message["sessionId"] = command.session.id
        if command.slow_s:
            self._later(command.slow_s, lambda: self.when_thawed(lambda: command.client.answer(command, message)))
        else:
            command.client.answer(command, message)

    # --- events

    def tick(self) -> float:
        """A timestamp: a millisecond more for each."""
        self._ticks += 1
        return round(1000 + self._ticks / 1000, 3)

    def tell(self, page: SimPage, domain: str, method: str, params: Json) -> None:
        """An event to every session of the page that has enabled this domain."""
        for session in page.sessions:
            if domain in session.enabled:
                self.tell_session(session, method, params)

    def tell_session(self, session: SimSession, method: str, params: Json) -> None:
        """An event to one session."""
        session.client.say({"method": method, "params": params, "sessionId": session.id})

    def tell_lifecycle(self, page: SimPage, at: Json, name: str) -> None:
        """A lifecycle event to every session that wants them."""
        self.tell(page, "lifecycle", "Page.lifecycleEvent", at | {"name": name, "timestamp": self.tick()})

    def tell_of(self, page: SimPage, method: str, **params: Any) -> None:
        """An event of `Target` to every client that discovers targets."""
        told = params or {"targetInfo": page.info()}
        for client in list(self.clients):
            if client.discovers:
                client.say({"method": method, "params": told})

    # --- what happens to pages

    def new_page(self, context: SimContext, url: str, opener: SimPage | None = None) -> SimPage:
        """A new page target, at its URL already."""
        page = SimPage(self.ids.new(), context, self.ids.new(), opener_id=opener.target_id if opener else "")
        self.pages[page.target_id] = page
        self.tell_of(page, "Target.targetCreated", targetInfo=page.info() | {"title": "", "url": ""})
        if url != "about:blank":
            navigation.go(self, page, url, None)
        return page

    def open_dialog(self, page: SimPage, kind: str, message: str, holder: Command | None) -> None:
        """The page asks something; its renderer waits for the answer."""
        page.renderer, page.holder = Renderer.IN_DIALOG, holder
        page.dialog = {"type": kind, "message": message}
        if self._dismiss_unheard(page):
            return
        told = {"url": page.url, "frameId": page.target_id, "message": message, "type": kind}
        more = {"hasBrowserHandler": False, "defaultPrompt": ""}
        self.tell(page, "Page", "Page.javascriptDialogOpening", told | more)

    def close_dialog(self, page: SimPage, value: Any) -> None:
        """The dialog is answered, and its page goes on."""
        page.dialog, page.renderer = None, Renderer.IDLE
        holder, page.holder = page.holder, None
        if holder is not None:
            self.reply(holder, {"result": remote(value, by_value=True)})
        self.work_off(page)

    def _dismiss_unheard(self, page: SimPage) -> bool:
        heard = any("Page" in session.enabled for session in page.sessions)
        if page.dialog is None or heard or self.unheard_dialogs == "held":
            return False
        self.close_dialog(page, answer_to(page.dialog["type"], accept=False))
        return True

    def crash(self, page: SimPage, status: str, code: int) -> None:
        """The renderer is gone: what waits is answered when the page is navigated, or never."""
        if page.holder is not None:
            page.waiting.append(page.holder)
        page.renderer, page.holder, page.dialog = Renderer.CRASHED, None, None
        navigation.abandon(self, page)
        for session in page.sessions:
            self.tell_session(session, "Inspector.targetCrashed", {})
        self.tell_of(page, "Target.targetCrashed", targetId=page.target_id, status=status, errorCode=code)

    def close(self, page: SimPage) -> None:
        """The target goes, and its sessions; what waits in them is never answered."""
        self.pages.pop(page.target_id, None)
        sessions, page.sessions = page.sessions, []
        if sessions:
            self.tell_of(page, "Target.targetInfoChanged")
        for session in sessions:
            self.end_session(session)
        self.tell_of(page, "Target.targetDestroyed", targetId=page.target_id)

    def end_session(self, session: SimSession, *, told: bool = True) -> None:
        """A session ends, in silence where its client is not there to hear it."""
        self.sessions.pop(session.id, None)
        page = session.page
        if session in page.sessions:
            page.sessions.remove(session)
        for queue in (page.waiting, page.unsettled):
            for command in [command for command in queue if command.session is session]:
                queue.remove(command)
        self._dismiss_unheard(page)
        if told:
            params = {"sessionId": session.id, "targetId": page.target_id}
            session.client.say({"method": "Target.detachedFromTarget", "params": params})

    def dispose(self, context: SimContext) -> None:
        """A context goes, with all of its pages."""
        self.contexts.pop(context.id, None)
        for page in [page for page in self.pages.values() if page.context is context]:
            self.close(page)

    # --- faults by a call

    def strike(self, fault: Fault, client: Client | None = None) -> None:
        """Let a fault happen now; see faults.py. NoVictimError where there is nothing to strike."""
        strike(self, fault, client, None)
        self.struck.append(fault)

    def freeze(self, seconds: float = 0.0) -> None:
        """Stop as SIGSTOP does: everything is taken and kept, nothing is done, not even a pong is sent, until `thaw`."""
        self.frozen = True
        if seconds:
            self._later(seconds, self.thaw)

    def thaw(self) -> None:
        """Go on, with what was kept first."""
        self.frozen = False
        while self._on_thaw and not self.frozen:
            self._on_thaw.pop(0)()

    def when_thawed(self, act: Callable[[], None]) -> None:
        """Do this now, or when the browser goes on; what carries its messages waits so, too."""
        if self.frozen:
            self._on_thaw.append(act)
        else:
            act()

    def die(self, how: str) -> None:
        """The process ends: every connection is cut (1006), nothing is left."""
        if self.dead:
            return
        self.dead = True
        self._on_thaw.clear()
        for client in list(self.clients):
            client.drop()
        self._on_death(how)

    def restart(self) -> None:
        """Another browser in the dead one's place: a new id, a new profile, none of the old pages."""
        self.die("killed")
        self.start += 1
        self._begin()


class _Nowhere:
    """The wire of nobody."""

    def deliver(self, message: bytes, *, binary: bool = False) -> None:
        """Nobody hears it."""

    def drop(self) -> None:
        """Nothing is there to drop."""

    def oversize(self) -> None:
        """Nobody hears it."""

"""A worker's tab: one browser context of its own with one page in it, and the leases under which it is written to."""

from __future__ import annotations

import anyio

from harness.basics.errors import OperationError
from harness.cdp.connection import Connection
from harness.cdp.errors import BrowserFailedError, CommandTimeoutError, ConnectionLostError, ProtocolError
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.session import Session
from harness.cdp.states import BrowserState
from harness.coordination.errors import LeaseLostError
from harness.coordination.leases import Coordinator, Lease
from harness.coordination.ownership import Binding
from harness.coordination.scopes import credential_scope, session_scope
from harness.navigation.cdp_page import CdpPage
from harness.navigation.context import CredentialValues
from harness.navigation.downloads import Downloads
from harness.pool.plan import SpinNaming
from harness.telemetry.correlation import current_correlation, rebind
from harness.telemetry.pipeline import Log

RESTORES = 3
"""How often a page is attached anew for one step, when the connection is lost again meanwhile."""


class Tab:
    """Opens, leases, restores and discards one page. `discard` makes sure that the page can do nothing more."""

    def __init__(
        self,
        *,
        worker_id: str,
        manager: CdpLifecycleManager,
        coordinator: Coordinator,
        log: Log,
        allowed_origins: frozenset[str],
        lock_timeout_s: float,
        downloads: Downloads | None = None,
    ) -> None:
        self._worker_id = worker_id
        self._manager = manager
        self._coordinator = coordinator
        self._log = log
        self._allowed_origins = allowed_origins
        self._lock_timeout_s = lock_timeout_s
        self._downloads = downloads
        self._page: CdpPage | None = None
        self._life: object = None
        self._leases: list[Lease] = []
        self._reference = ""
        self._aimed = False
        self._first: Session | None = None
        self._doomed: list[tuple[object, str]] = []
        """Contexts that must go but are not known to be gone: which browser process has them, and their ids."""

    @property
    def page(self) -> CdpPage:
        """The open page."""
        assert self._page is not None, "the tab is not open"
        return self._page

    @property
    def is_open(self) -> bool:
        """Whether there is a page, in the browser process that runs now."""
        return self._page is not None and self._life == self._manager.life

    def binding(self, reason: str) -> Binding:
        """Owner metadata for a lease of this worker."""
        return Binding(
            owner=self._worker_id,
            reason=reason,
            cohort=self._manager.cohort,
            browser_id=self._manager.browser_id,
            target_id=self._page.target_id if self._page else "",
            context_id=self._page.context_id if self._page else "",
            credential=self._reference,
            correlation=current_correlation(),
        )

    @property
    def lost_session(self) -> bool:
        """Whether the session that the spin began with has ended: what it had overridden was undone meanwhile."""
        return self._first is not None and self._first.make_error is not None

    @property
    def leases(self) -> list[Lease]:
        """The leases held now: the session's, and the credential's where there is one."""
        return list(self._leases)

    # --- one spin

    async def begin(self, credential: CredentialValues | None) -> None:
        """Open the page if need be, take credential and session in the global order, attach the session."""
        connection = await self._manager.ready()
        if self._aimed and self.page.session.connection is connection and self.page.session.make_error is not None:
            await self.discard()  # the page was closed, or its renderer is gone, while the connection stood
        if not self.is_open:
            await self._open()
        self._reference = credential.reference if credential else ""
        await self._lease(credential)
        if self._aimed and self.page.session.connection is connection:
            self.page.guard(self._leases)
            return
        try:
            await self._aim(reattached=self._aimed)
        except (ProtocolError, CommandTimeoutError):
            if not self._aimed and self.is_open:
                raise
            # The page did not survive the lost connection; or it answers nobody, since a dialog is held by the old one.
            await self.discard()
            await self._open()
            await self._lease(credential)
            await self._aim(reattached=False)

    async def restore(self, credential: CredentialValues | None) -> None:
        """After a lost connection: new leases and a new session for the same page; again, if that one is lost meanwhile.

        Raises ConnectionLostError when the page is gone with its browser, or the lock's and the command's own errors.
        """
        for again in reversed(range(RESTORES)):
            await self._manager.ready()
            if not self.is_open:
                raise ConnectionLostError(
                    "the page is gone: its browser was restarted", method="(restore)", may_have_happened=False
                )
            self.release("the connection was lost")
            try:
                await self._lease(credential)
                await self._aim(reattached=True)
            except (ConnectionLostError, LeaseLostError):  # lost once more: nothing of the step was done meanwhile
                if not again:
                    raise
            except ProtocolError:
                if self.is_open:
                    raise  # else its browser was restarted meanwhile, which the next round tells
            else:
                return

    async def _lease(self, credential: CredentialValues | None) -> None:
        scopes = [session_scope(self.page.target_id)]
        if credential is not None:
            scopes.append(credential_scope(credential.site, credential.account))
        self._leases = await self._coordinator.acquire_all(scopes, self.binding("spin"), timeout_s=self._lock_timeout_s)
        rebind(epoch=str(self._leases[-1].epoch))

    async def _aim(self, *, reattached: bool) -> None:
        connection = await self._manager.ready()
        session = await self.page.aim(connection, self._leases)
        self._aimed = True
        session.correlation = current_correlation()
        self._log.info(
            "session.attached",
            browser_id=self._manager.browser_id,
            target_id=session.target_id,
            session_id=session.session_id,
            reattached=reattached,
        )

    def follow(self) -> None:
        """Let events born in the reader carry the ids that are bound here and now."""
        if self._aimed:
            self.page.session.correlation = current_correlation()

    async def name_spin(self, naming: SpinNaming, spin_id: str) -> None:
        """Let every request of the page carry the spin's id from now on."""
        self._first = self.page.session
        if naming.cookie is not None:
            cookies = [
                {"name": naming.cookie, "value": spin_id, "url": origin, "httpOnly": True}
                for origin in sorted(self._allowed_origins)
            ]
            await self.page.session.connection.call(
                "Storage.setCookies",
                {"cookies": cookies, "browserContextId": self.page.context_id},
                repeatable=True,
            )
        if naming.header is not None:
            await self.page.set_up("Network.setExtraHTTPHeaders", {"headers": {naming.header: spin_id}})

    def release(self, reason: str = "done") -> None:
        """Give the leases back; void ones are passed over."""
        for lease in reversed(self._leases):
            self._coordinator.release(lease, reason)
        self._leases = []

    # --- opening and closing

    async def _open(self) -> None:
        connection = await self._manager.ready()
        self._life = life = self._manager.life
        context = await connection.call("Target.createBrowserContext", {"disposeOnDetach": False})
        context_id = context["browserContextId"]
        self._doomed.append((life, context_id))  # until its page stands
        target = await connection.call(
            "Target.createTarget", {"url": "about:blank", "browserContextId": context_id, "width": 1280, "height": 800}
        )
        self._aimed = False
        self._doomed.remove((life, context_id))
        self._page = CdpPage(
            context_id=context_id,
            target_id=target["targetId"],
            log=self._log,
            allowed_origins=self._allowed_origins,
            downloads=self._downloads,
        )

    async def discard(self, wait_s: float = 15.0) -> bool:
        """Close the context, so that nothing of it can reach the site any more; True when that is certain.

        Its leases are given back afterwards: until then the page may still act as its credential. What could not be
        closed is tried again by the next call. A browser of ours that was restarted or is gone has no context to close; of
        one that runs elsewhere, and is out of reach, that is not known.
        """
        page, self._page, self._aimed = self._page, None, False
        if page is not None:
            self._doomed.append((self._life, page.context_id))
        certain = True
        try:
            with anyio.fail_after(wait_s):
                while self._doomed:
                    connection = await self._manager.ready(wait_s)
                    life, context_id = self._doomed[0]
                    if life != self._manager.life:
                        certain = certain and self._manager.is_launched
                        del self._doomed[0]
                    elif await self._dispose(connection, context_id):
                        del self._doomed[0]
        except BrowserFailedError:
            return self._manager.is_launched and self._manager.state in {BrowserState.FAILED, BrowserState.STOPPED}
        except (OperationError, TimeoutError):
            return False
        finally:
            self.release("the page is discarded")
        return certain

    async def _dispose(self, connection: Connection, context_id: str) -> bool:
        """Close a doomed context; False when the connection was lost meanwhile, and the next one has to be asked."""
        try:
            await connection.call("Target.disposeBrowserContext", {"browserContextId": context_id})
        except ConnectionLostError:
            await anyio.lowlevel.checkpoint()
            return False
        except ProtocolError as error:
            if "Failed to find" not in error.message:  # gone already is as good
                raise
        return True

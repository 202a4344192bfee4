"""Scopes that outlive a step, held by one spin: the clipboard from the clip to the paste, and what strategies declare."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import anyio.abc

from harness.basics.errors import OperationError
from harness.coordination.errors import LeaseLostError
from harness.coordination.leases import Coordinator, Lease
from harness.coordination.ownership import Binding
from harness.coordination.scopes import clipboard_scope
from harness.navigation.cdp_page import CdpPage
from harness.telemetry.pipeline import Log

CLEAR_S = 2.0
"""How long clearing may take, before a hold ends without it and says so."""


class SpinHolds:
    """The holds of one spin. A hold ends by `give_back`, at its deadline, or with the spin: always cleared first."""

    def __init__(
        self,
        *,
        coordinator: Coordinator,
        page: CdpPage,
        browser_id: str,
        binding: Callable[[str], Binding],
        on_change: Callable[[], None],
        tasks: anyio.abc.TaskGroup,
        log: Log,
        wait_s: float,
        hold_s: float,
    ) -> None:
        self._coordinator = coordinator
        self._page = page
        self._browser_id = browser_id
        self._binding = binding
        self._on_change = on_change
        self._tasks = tasks
        self._log = log
        self._wait_s, self._hold_s = wait_s, hold_s
        self._leases: dict[str, Lease] = {}

    def leases(self) -> list[Lease]:
        """What is held now: guards of every write."""
        return list(self._leases.values())

    def holding(self, kind: str) -> bool:
        """Whether this spin holds the scope."""
        return kind in self._leases

    async def take(self, kind: str) -> None:
        """Wait for the scope of this kind; LockTimeoutError when others keep it too long."""
        scope = clipboard_scope(self._browser_id) if kind == "clipboard" else f"{kind}:{self._browser_id}"
        lease = await self._coordinator.acquire(
            scope, self._binding(f"step holds {kind}"), timeout_s=self._wait_s, deadline_s=self._hold_s + CLEAR_S + 1
        )
        self._leases[kind] = lease
        self._on_change()
        self._tasks.start_soon(self._end_at_deadline, kind, lease, name=f"hold {kind}")

    async def _end_at_deadline(self, kind: str, lease: Lease) -> None:
        await anyio.sleep(self._hold_s)
        if self._leases.get(kind) is lease:
            await self._give_back_or_tell(kind, "its deadline passed")

    async def give_back(self, kind: str, reason: str = "done") -> None:
        """Clear what the scope protects, then release it; LeaseLostError when it was lost before."""
        lease = self._leases.pop(kind, None)
        if lease is None:
            raise LeaseLostError(
                f"the {kind} scope is not held any more", why="its deadline passed before it was used", scope=kind
            )
        try:
            if not self._coordinator.table.is_current(lease.scope, lease.epoch):
                # Its next owner may be at work already: nothing of it is ours to clear.
                raise LeaseLostError(
                    f"the {kind} scope is not held any more", why="it was taken back before its end", scope=lease.scope
                )
            if kind == "clipboard":
                with anyio.CancelScope(shield=True), anyio.fail_after(CLEAR_S):
                    await self._page.write_clipboard("")
        except TimeoutError as error:
            raise LeaseLostError(
                "the clipboard could not be cleared in time", why="the page did not answer", scope=lease.scope
            ) from error
        finally:
            self._coordinator.release(lease, reason)
            self._on_change()

    async def end(self) -> None:
        """Give everything back at the end of the spin; what cannot be cleared is told, not raised."""
        while self._leases:
            await self._give_back_or_tell(next(iter(self._leases)), "the spin ended")

    async def _give_back_or_tell(self, kind: str, reason: str) -> None:
        try:
            await self.give_back(kind, reason)
        except OperationError as error:
            self._log.warning("hold.not_cleared", scope_kind=kind, detail=str(error))

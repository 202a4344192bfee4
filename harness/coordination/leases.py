"""Leases: the right to write to a scope, held by one owner at a time, under an epoch that every write carries.

Waiters queue first in, first out. A grant, a release and a revocation are each decided in one loop step, without
awaiting; a cancelled or timed-out waiter leaves the queue, and hands on at once what it was given in the same moment.
Everything that happens to a lease is an `audit` event.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import ParamSpec, Protocol, TypeVar

from harness.basics.clock import Clock, SystemClock
from harness.coordination.contention import Contention
from harness.coordination.errors import (
    InvalidOwnershipTransitionError,
    LeaseLostError,
    LockTimeoutError,
    OwnershipViolationError,
)
from harness.coordination.ownership import Binding, Epoch, OwnershipTable
from harness.coordination.scopes import in_global_order, scope_kind
from harness.runfolder.event import CORRELATION_FIELDS
from harness.telemetry.pipeline import Log

_CHAIN = tuple(name for name in CORRELATION_FIELDS if name not in {"run_id", "incarnation"})

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Lease:
    """(scope, owner, epoch, deadline): valid until it is released, revoked or expired."""

    scope: str
    epoch: Epoch
    binding: Binding
    deadline_s: float | None = None


class LeaseStore(Protocol):
    """Where ownership is kept: in memory for one process; a shared store can stand here for several."""

    def claim(self, scope: str, binding: Binding) -> Epoch:
        """Take a free scope; InvalidOwnershipTransitionError when it is not free."""
        ...

    def activate(self, scope: str, epoch: Epoch) -> None:
        """The claimer begins to write."""
        ...

    def begin_release(self, scope: str, epoch: Epoch) -> None:
        """The owner stops writing."""
        ...

    def finish_release(self, scope: str, epoch: Epoch) -> None:
        """The scope is free."""
        ...

    def revoke(self, scope: str) -> Binding:
        """Void the present epoch."""
        ...

    def is_current(self, scope: str, epoch: Epoch) -> bool:
        """Whether this epoch is the valid one."""
        ...


@dataclass(slots=True, eq=False)
class _Waiter:
    binding: Binding
    granted: asyncio.Future[Lease]
    deadline_s: float | None


@dataclass(slots=True)
class LeaseCounts:
    """What happened to leases over the run."""

    granted: int = 0
    released: int = 0
    revoked: int = 0
    expired: int = 0
    refused: int = 0


class Coordinator:
    """Grants, checks and takes back leases; also the fence that the CDP floor asks before each write."""

    def __init__(
        self,
        log: Log,
        *,
        run_id: str = "",
        incarnation: int = 1,
        table: OwnershipTable | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.table = table or OwnershipTable(incarnation)
        self.contention = Contention()
        self.counts = LeaseCounts()
        self._store: LeaseStore = self.table
        self._log = log
        self._run_id = run_id
        self._clock = clock or SystemClock()
        self._queues: dict[str, deque[_Waiter]] = {}
        self._timers: dict[Epoch, asyncio.TimerHandle] = {}

    # --- taking

    async def acquire(
        self, scope: str, binding: Binding, *, timeout_s: float, deadline_s: float | None = None
    ) -> Lease:
        """A lease on `scope`, waiting at most `timeout_s`; it expires `deadline_s` after the grant.

        Raises LockTimeoutError; a cancelled call leaves no trace in the queue.
        """
        kind = scope_kind(scope)
        figures = self.contention.of(kind)
        queue = self._queues.get(scope)
        if not queue and self.table.entry(scope).binding is None:
            figures.wait_ms.add(0.0)
            return self._grant(scope, binding, deadline_s)
        if queue is None:
            queue = self._queues[scope] = deque()
        waiter = _Waiter(binding, asyncio.get_running_loop().create_future(), deadline_s)
        queue.append(waiter)
        figures.contended += 1
        started_ns = self._clock.monotonic_ns()
        ahead = len(queue) - 1
        outcome = "cancelled"
        try:
            async with asyncio.timeout(timeout_s):
                lease = await waiter.granted
            outcome = "granted"
            return lease
        except TimeoutError as error:
            figures.timeouts += 1
            outcome = "timeout"
            self._leave(scope, waiter)  # first, for it may have been granted to us in this very moment
            holder = self.table.entry(scope).binding
            raise LockTimeoutError(
                f"{scope} was not free within {round(timeout_s, 3):g} s",
                why=f"it is held by {holder.owner if holder else 'nobody'}; {ahead} were ahead in the queue",
                scope=scope,
            ) from error
        finally:
            if outcome == "cancelled":
                self._leave(scope, waiter)
            wait_ms = (self._clock.monotonic_ns() - started_ns) / 1e6
            figures.wait_ms.add(wait_ms)
            self._log.info(
                "lock.contended", scope=scope, scope_kind=kind, wait_ms=wait_ms, queue=ahead, outcome=outcome
            )

    async def acquire_all(self, scopes: Sequence[str], binding: Binding, *, timeout_s: float) -> list[Lease]:
        """Leases on several scopes, taken in the global order within `timeout_s`; on failure none of them is kept.

        Raises LockTimeoutError, which names the scope that was not free.
        """
        leases: list[Lease] = []
        due_s = asyncio.get_running_loop().time() + timeout_s
        try:
            for scope in in_global_order(scopes):
                left_s = max(0.0, due_s - asyncio.get_running_loop().time())
                leases.append(await self.acquire(scope, binding, timeout_s=left_s))
        except BaseException:
            for lease in reversed(leases):
                self.release(lease, reason="not all scopes were free")
            raise
        return leases

    @asynccontextmanager
    async def holding(self, scope: str, binding: Binding, *, timeout_s: float) -> AsyncIterator[Lease]:
        """A lease for the length of a block."""
        lease = await self.acquire(scope, binding, timeout_s=timeout_s)
        try:
            yield lease
        finally:
            self.release(lease)

    def _grant(self, scope: str, binding: Binding, deadline_s: float | None) -> Lease:
        binding = replace(binding, acquired_ns=self._clock.monotonic_ns(), run_id=self._run_id)
        epoch = self._guarded(self._store.claim, scope, binding)
        self._store.activate(scope, epoch)
        self.counts.granted += 1
        self.contention.of(scope_kind(scope)).acquires += 1
        lease = Lease(scope, epoch, binding, deadline_s)
        if deadline_s is not None:
            self._timers[epoch] = asyncio.get_running_loop().call_later(deadline_s, self._expire, lease)
        self._log.info(
            "lease.granted",
            scope=scope,
            owner=binding.owner,
            browser_id=binding.browser_id,
            reason=binding.reason,
            credential=binding.credential,
            **_owners_ids(binding, epoch),
        )
        return lease

    def _leave(self, scope: str, waiter: _Waiter) -> None:
        queue = self._queues.get(scope)
        if queue and waiter in queue:
            queue.remove(waiter)
            if not queue:
                del self._queues[scope]
        if waiter.granted.done() and not waiter.granted.cancelled() and waiter.granted.exception() is None:
            self.release(waiter.granted.result(), reason="the waiter had gone")
        else:
            waiter.granted.cancel()

    # --- giving back

    def release(self, lease: Lease, reason: str = "done") -> bool:
        """Give a lease back and hand the scope to the next waiter; False when it was void already (nothing to do)."""
        if not self._store.is_current(lease.scope, lease.epoch):
            return False
        self._store.begin_release(lease.scope, lease.epoch)
        self._store.finish_release(lease.scope, lease.epoch)
        self.counts.released += 1
        self._ended("lease.released", lease.scope, lease.binding, lease.epoch, reason=reason)
        self._hand_over(lease.scope)
        return True

    def revoke(self, scope: str, reason: str) -> None:
        """Take a scope from its owner: the epoch is void from this moment; InvalidOwnershipTransitionError if free."""
        epoch = self.table.entry(scope).epoch
        binding = self._guarded(self._store.revoke, scope)
        assert epoch is not None
        self.counts.revoked += 1
        self.contention.of(scope_kind(scope)).revoked += 1
        self._ended("lease.revoked", scope, binding, epoch, reason=reason)
        self._hand_over(scope)

    def revoke_if_owned(self, scope: str, reason: str) -> None:
        """As `revoke`; nothing where the scope is free. The CDP floor's port for a hung renderer."""
        if scope in dict(self.table.owned()):
            self.revoke(scope, reason)

    def revoke_browser(self, browser_id: str, reason: str) -> None:
        """The CDP floor's `on_connection_lost` port: everything that this browser held is revoked."""
        for scope, entry in list(self.table.owned()):
            if entry.binding is not None and entry.binding.browser_id == browser_id:
                self.revoke(scope, f"connection lost: {reason}")

    def _expire(self, lease: Lease) -> None:
        if not self._store.is_current(lease.scope, lease.epoch):
            return
        self._store.revoke(lease.scope)
        self.counts.expired += 1
        self._ended("lease.expired", lease.scope, lease.binding, lease.epoch)
        self._hand_over(lease.scope)

    def _ended(self, event: str, scope: str, binding: Binding, epoch: Epoch, **fields: str) -> None:
        timer = self._timers.pop(epoch, None)
        if timer is not None:
            timer.cancel()
        held_ms = (self._clock.monotonic_ns() - binding.acquired_ns) / 1e6
        self.contention.of(scope_kind(scope)).hold_ms.add(held_ms)
        self._log.info(
            event, scope=scope, owner=binding.owner, held_ms=held_ms, **fields, **_owners_ids(binding, epoch)
        )

    def _hand_over(self, scope: str) -> None:
        queue = self._queues.get(scope)
        while queue:
            waiter = queue.popleft()
            if not waiter.granted.done():
                waiter.granted.set_result(self._grant(scope, waiter.binding, waiter.deadline_s))
                break
        if queue is not None and not queue:
            self._queues.pop(scope, None)

    # --- checking

    def check(self, scope: str, guards: Sequence[object], method: str) -> None:
        """The fence: passes when `guards` hold a current lease of `scope` and every other guard is current, too.

        Raises OwnershipViolationError (no lease) or LeaseLostError (void lease), after an `audit` event with both owners.
        """
        if len(guards) == 1:  # the usual case, asked for each command
            (guard,) = guards
            if isinstance(guard, Lease) and guard.scope == scope and self._store.is_current(scope, guard.epoch):
                return
        leases = [guard for guard in guards if isinstance(guard, Lease)]
        own = next((lease for lease in leases if lease.scope == scope), None)
        if own is not None and all(self._store.is_current(lease.scope, lease.epoch) for lease in leases):
            return
        self.counts.refused += 1
        stale = next((lease for lease in leases if not self._store.is_current(lease.scope, lease.epoch)), None)
        shown = stale or next(iter(leases), None)
        entry = self.table.entry(stale.scope if stale else scope)
        self._log.error(
            "ownership.refused",
            scope=scope,
            attempted_by=shown.binding.owner if shown else "nobody",
            owner=entry.binding.owner if entry.binding else "nobody",
            method=method,
            lease_epoch=str(stale.epoch) if stale else "",
            current_epoch=str(entry.epoch) if entry.epoch else "",
        )
        kind = LeaseLostError if stale else OwnershipViolationError
        raise kind(
            f"{method} on {scope} was refused",
            why=f"the lease {stale.epoch} on {stale.scope} is void" if stale else "no lease of this scope was shown",
            todo="take a lease of the scope and write under it",
            scope=scope,
            method=method,
        )

    def _guarded(self, action: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        try:
            return action(*arguments, **named)
        except InvalidOwnershipTransitionError as error:
            self._log.error(
                "ownership.invalid_transition",
                scope=str(error.context["subject"]),
                from_state=error.from_state,
                to_state=error.to_state,
                owner=str(error.context.get("owner", "")),
                attempted_by=str(error.context.get("attempted_by", "")),
            )
            raise

    # --- the end

    def close(self) -> int:
        """Tell the counts and the contention figures; returns how many scopes are still owned (0 in a sound run)."""
        still_open = sum(1 for _ in self.table.owned())
        for kind, figures in self.contention:
            self._log.info(
                "lock.summary",
                scope_kind=kind,
                acquires=figures.acquires,
                contended=figures.contended,
                wait_ms_p95=figures.wait_ms.percentile(95) or 0.0,
                wait_ms_max=figures.wait_ms.maximum,
                hold_ms_p95=figures.hold_ms.percentile(95) or 0.0,
            )
        counts = self.counts
        self._log.info(
            "leases.closed",
            granted=counts.granted,
            released=counts.released,
            revoked=counts.revoked,
            expired=counts.expired,
            refused=counts.refused,
            open=still_open,
        )
        return still_open


def _owners_ids(binding: Binding, epoch: Epoch) -> dict[str, str]:
    """The correlation of an event about a lease: its owner's, in whoever's task the event is born."""
    return {**dict.fromkeys(_CHAIN, ""), **binding.correlation, "epoch": str(epoch)}

"""When a browser is due to be renewed though nothing is wrong with it: it has grown, or it is old (browsers age: one that
answered 9,100 calls a second answered 5,300 after four rounds of the same work)."""

from __future__ import annotations

import random
import time
from typing import Annotated, Protocol

import anyio
import anyio.to_thread
import msgspec
from msgspec import Meta

from harness.cdp.lifecycle_log import LifecycleLog
from harness.cdp.ports import Quiesce
from harness.cdp.states import BrowserState

AGAIN_S = 60.0
"""After a safe point that did not come: what cannot be interrupted now is not held up all the time."""


class RecyclePolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """memory_mib: proportional set size of all its processes together; after_s: its age, ± 10 % so that browsers which
    began together do not end together; quiesce_s: how long a safe point is waited for. None: no such limit."""

    memory_mib: Annotated[int, Meta(ge=64, le=2**20)] | None = 4096
    after_s: Annotated[float, Meta(ge=1, le=31 * 86_400)] | None = None
    check_s: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    quiesce_s: Annotated[float, Meta(gt=0, le=3600)] = 60.0

    def lifetime_s(self, rng: random.Random) -> float | None:
        """The age at which one browser is due."""
        return None if self.after_s is None else self.after_s * rng.uniform(0.9, 1.1)

    def due(self, memory_bytes: int, age_s: float, lifetime_s: float | None) -> str:
        """Why it is due; empty while it is not."""
        mib = memory_bytes // 2**20
        if self.memory_mib is not None and mib > self.memory_mib:
            return f"its memory, {mib} MiB, is above {self.memory_mib} MiB"
        if lifetime_s is not None and age_s >= lifetime_s:
            return f"it is {age_s:.0f} s old"
        return ""


class Sized(Protocol):
    """A browser's processes."""

    def pss_bytes(self) -> int:
        """Their memory together; not to be called in the event loop."""
        ...


class Renewable(Protocol):
    """What a lifecycle manager shows of its browser. started_s: monotonic."""

    @property
    def state(self) -> BrowserState:
        """Where it stands."""
        ...

    @property
    def process(self) -> Sized | None:
        """Its processes, while there are any."""
        ...

    @property
    def started_s(self) -> float:
        """When it was started, on the monotonic clock."""
        ...

    async def renew(self, reason: str) -> bool:
        """Restart it as planned; False when it was not needed, or failed."""
        ...


class Recycler:
    """Run `run` for as long as the browser is managed; `recycle` renews it at a safe point for any other reason."""

    def __init__(
        self, manager: Renewable, policy: RecyclePolicy, quiesce: Quiesce, tell: LifecycleLog, rng: random.Random
    ) -> None:
        self._manager = manager
        self._policy = policy
        self._quiesce = quiesce
        self._tell = tell
        self._lifetime_s = policy.lifetime_s(rng)

    async def run(self) -> None:
        """Look, until cancelled, and renew what is due."""
        manager = self._manager
        while True:
            await anyio.sleep(self._policy.check_s)
            process = manager.process
            if manager.state is not BrowserState.HEALTHY or process is None:
                continue
            memory_bytes = await anyio.to_thread.run_sync(process.pss_bytes, abandon_on_cancel=True)
            reason = self._policy.due(memory_bytes, time.monotonic() - manager.started_s, self._lifetime_s)
            if reason and not await self.recycle(reason):
                await anyio.sleep(AGAIN_S)

    async def recycle(self, reason: str) -> bool:
        """Renew the browser at a safe point, so that no spin notices; False when that came to nothing."""
        self._tell.recycling("waiting", reason)
        if not await self._quiesce.quiesce(self._policy.quiesce_s):
            self._tell.recycling("put off", reason)
            return False
        try:
            done = await self._manager.renew(reason)
        finally:
            self._quiesce.resume()
        self._tell.recycling("renewed" if done else "not done", reason)
        return done

"""A step's world without a run: what a strategy is called with in its test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from harness.basics.errors import OperationError
from harness.basics.failures import Cause
from harness.basics.secret import Secret
from harness.navigation.context import CredentialValues, StepContext
from harness.navigation.page import Page
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.sink import ListSink


class FakeHolds:
    """Scopes that are always free: `held` are held now, `history` is what was taken and given back, in order."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.history: list[tuple[str, str]] = []

    def holding(self, kind: str) -> bool:
        """Whether it was taken, and not given back."""
        return kind in self.held

    async def take(self, kind: str) -> None:
        """Take it at once."""
        self.held.add(kind)
        self.history.append(("take", kind))

    async def give_back(self, kind: str) -> None:
        """Give it back; an error like a run's where it is not held."""
        if kind not in self.held:
            raise OperationError(f"the {kind} scope is not held", cause=Cause.LEASE_LOST)
        self.held.remove(kind)
        self.history.append(("give back", kind))


class FakeContext(StepContext):
    """A StepContext that keeps what it was given. saved: artefacts by name; commits, restores: how often each happened;
    `events` reads what was logged."""

    def __init__(
        self,
        page: Page,
        *,
        account: str = "",
        secret: str = "",
        timeout_s: float = 5.0,
        restore: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.sink = ListSink()
        self.saved: dict[str, bytes] = {}
        self.commits = 0
        self.restores = 0
        self._restore = restore
        self.fake_holds = FakeHolds()
        credential = CredentialValues("test", "test", account, Secret("test", secret)) if account else None
        super().__init__(
            page=page,
            log=Telemetry(self.sink, run_id="run-test").log,
            holds=self.fake_holds,
            restore=self._count_restore,
            commit=self._count_commit,
            save=self._keep,
            credential=credential,
            timeout_s=timeout_s,
        )

    async def _count_restore(self) -> None:
        self.restores += 1
        if self._restore is not None:
            await self._restore()

    async def _count_commit(self) -> None:
        self.commits += 1

    def _keep(self, name: str, content: bytes) -> str:
        self.saved[name] = content
        return name

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of this name so far: their correlation ids and fields in one mapping."""
        events = [msgspec.json.decode(line) for _, line in self.sink.lines]
        return [{**event, **event.get("fields", {})} for event in events if event["event"] == name]

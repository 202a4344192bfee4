"""Work items and their queue: claimed by priority, by one worker at a time, never twice, with attempts."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import anyio

from harness.basics.ids import new_item_id
from harness.pool.states import ITEM_TRANSITIONS, ItemState
from harness.telemetry.pipeline import Log


@dataclass(eq=False)
class WorkItem:
    """One unit of work. attempt counts from 1 once it is claimed; key: two items of one key are never queued together;
    a higher priority is claimed first."""

    path: str
    credential: str | None = None
    priority: int = 0
    attempts: int = 1
    key: str = ""
    id: str = field(default_factory=new_item_id)
    attempt: int = 0
    state: ItemState = ItemState.QUEUED
    claimed_by: str = ""

    @property
    def has_attempts(self) -> bool:
        """Whether it may be tried again."""
        return self.attempt < self.attempts


Source = Callable[[], WorkItem | None]


class WorkQueue:
    """Items of a run. `source` is asked for the next item when the queue is empty; None from it means that there is none."""

    def __init__(self, log: Log, source: Source = lambda: None) -> None:
        self._log = log
        self._source = source
        self._heap: list[tuple[int, int, WorkItem]] = []
        self._numbers = itertools.count()
        self._keys: dict[str, WorkItem] = {}
        self._claims: dict[str, WorkItem] = {}
        self._closed = False
        self._changed = anyio.Event()

    def add(self, item: WorkItem) -> bool:
        """Queue an item; False when one with its key is queued or claimed already, or when the queue is closed."""
        if self._closed or item.key in self._keys:
            return False
        if item.key:
            self._keys[item.key] = item
        self._log.info(
            "item.enqueued",
            item_id=item.id,
            path=item.path,
            credential=item.credential or "",
            priority=item.priority,
            key=item.key,
        )
        self._push(item)
        return True

    def _push(self, item: WorkItem) -> None:
        heapq.heappush(self._heap, (-item.priority, next(self._numbers), item))
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def claim(self, worker_id: str) -> WorkItem | None:
        """The next item, for this worker alone; None when the queue is closed, or empty with nothing claimed by others.

        The decision is made in one loop step: no await lies between finding an item and marking it.
        """
        while not self._closed:
            if not self._heap:
                item = self._source()
                if item is not None:
                    self.add(item)
            if self._heap:
                item = heapq.heappop(self._heap)[2]
                item.attempt += 1
                item.claimed_by = worker_id
                self._claims[item.id] = item
                self._move(item, ItemState.CLAIMED, "claimed", worker_id)
                return item
            if not self._claims:
                return None
            await self._changed.wait()
        return None

    def settle(self, item: WorkItem, state: ItemState, reason: str) -> None:
        """Give a claimed item its final state, or put it back with QUEUED."""
        worker_id = item.claimed_by
        if state is ItemState.QUEUED and self._closed:
            state, reason = ItemState.CANCELLED, f"{reason}; the run ended before its next attempt"
        self._move(item, state, reason, worker_id)
        self._claims.pop(item.id, None)
        item.claimed_by = ""
        if state is ItemState.QUEUED:
            self._push(item)
        else:
            self._keys.pop(item.key, None)
            self._wake()

    def give_back(self, worker_id: str) -> list[WorkItem]:
        """What a dead worker had claimed: items without further attempts fail, others go back to the queue."""
        lost = [item for item in self._claims.values() if item.claimed_by == worker_id]
        for item in lost:
            self.settle(item, ItemState.QUEUED if item.has_attempts else ItemState.FAILED, "its worker died")
        return lost

    def _move(self, item: WorkItem, state: ItemState, reason: str, worker_id: str) -> None:
        ITEM_TRANSITIONS.check(item.id, item.state, state)
        before, item.state = item.state, state
        self._log.info(
            "item.state",
            item_id=item.id,
            path=item.path,
            worker_id=worker_id,
            from_state=before.value,
            to_state=state.value,
            attempt=item.attempt,
            reason=reason,
        )

    def close(self) -> None:
        """Nothing is claimed from here on; what was never claimed is cancelled."""
        self._closed = True
        for _, _, item in sorted(self._heap, key=lambda entry: entry[:2]):
            self._move(item, ItemState.CANCELLED, "the run ended", "")
            self._keys.pop(item.key, None)
        self._heap.clear()
        self._wake()

    @property
    def has_work(self) -> bool:
        """Whether an item is queued or claimed now; a source may have more."""
        return bool(self._heap or self._claims)

    def claimed(self) -> Iterator[WorkItem]:
        """Items that workers have now."""
        return iter(list(self._claims.values()))

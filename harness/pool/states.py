"""States of work items and workers, each with the table of its moves."""

from enum import StrEnum

from harness.basics.transitions import TransitionTable


class ItemState(StrEnum):
    """Where a work item stands. DONE, FAILED, UNKNOWN and CANCELLED are final."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


ITEM_TRANSITIONS = TransitionTable(
    "work item",
    ItemState,
    {
        ItemState.QUEUED: (ItemState.CLAIMED, ItemState.CANCELLED),
        ItemState.CLAIMED: (
            ItemState.DONE,
            ItemState.FAILED,
            ItemState.UNKNOWN,
            ItemState.QUEUED,
            ItemState.CANCELLED,
        ),
        ItemState.DONE: (),
        ItemState.FAILED: (),
        ItemState.UNKNOWN: (),
        ItemState.CANCELLED: (),
    },
)


class WorkerState(StrEnum):
    """What a worker is doing."""

    IDLE = "idle"
    PREPARING = "preparing"
    RUNNING = "running"
    RECOVERING = "recovering"
    RECONCILING = "reconciling"
    STOPPED = "stopped"
    DIED = "died"


_W = WorkerState
_ENDS = (_W.STOPPED, _W.DIED)

WORKER_TRANSITIONS = TransitionTable(
    "worker",
    WorkerState,
    {
        _W.IDLE: (_W.PREPARING, *_ENDS),
        _W.PREPARING: (_W.RUNNING, _W.RECONCILING, _W.IDLE, *_ENDS),
        _W.RUNNING: (_W.RECOVERING, _W.RECONCILING, _W.IDLE, *_ENDS),
        _W.RECOVERING: (_W.RUNNING, _W.RECONCILING, _W.IDLE, *_ENDS),
        _W.RECONCILING: (_W.IDLE, *_ENDS),
        _W.STOPPED: (),
        _W.DIED: (),
    },
)

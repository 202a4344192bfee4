import pytest

from harness.basics.transitions import InvalidTransitionError
from harness.pool.states import ITEM_TRANSITIONS, WORKER_TRANSITIONS, ItemState, WorkerState


@pytest.mark.parametrize("final", [ItemState.DONE, ItemState.FAILED, ItemState.UNKNOWN, ItemState.CANCELLED])
def test_an_item_that_has_ended_is_never_touched_again(final: ItemState) -> None:
    for state in ItemState:
        with pytest.raises(InvalidTransitionError):
            ITEM_TRANSITIONS.check("item", final, state)


@pytest.mark.parametrize("state", [state for state in WorkerState if state not in {"stopped", "died"}])
def test_a_worker_may_stop_or_die_at_any_time(state: WorkerState) -> None:
    WORKER_TRANSITIONS.check("w1", state, WorkerState.STOPPED)
    WORKER_TRANSITIONS.check("w1", state, WorkerState.DIED)

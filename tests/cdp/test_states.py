from __future__ import annotations

import pytest

from harness.basics.transitions import InvalidTransitionError
from harness.cdp.states import BROWSER_TRANSITIONS, BrowserState


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BrowserState.FAILED, BrowserState.RECONNECTING),
        (BrowserState.FAILED, BrowserState.HEALTHY),
        (BrowserState.STOPPED, BrowserState.STARTING),
        (BrowserState.STOPPING, BrowserState.HEALTHY),
        (BrowserState.RESTARTING, BrowserState.RECONNECTING),
        (BrowserState.HEALTHY, BrowserState.HEALTHY),
    ],
)
def test_what_the_table_does_not_hold_is_refused(before: BrowserState, after: BrowserState) -> None:
    with pytest.raises(InvalidTransitionError):
        BROWSER_TRANSITIONS.check("b1", before, after)


@pytest.mark.parametrize("state", [state for state in BrowserState if state is not BrowserState.STOPPED])
def test_every_browser_can_be_stopped_and_a_stopped_one_stays_so(state: BrowserState) -> None:
    moves = BROWSER_TRANSITIONS.moves
    assert BrowserState.STOPPING in moves[state] or moves[state] == (BrowserState.STOPPED,)
    assert moves[BrowserState.STOPPED] == ()

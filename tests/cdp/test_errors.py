from __future__ import annotations

import pytest

from harness.cdp.errors import BrowserFailedError, ProtocolError


@pytest.mark.parametrize(
    ("message", "may_have_happened"),
    [
        ("No node with given id found", False),
        ("Session with given id not found.", False),
        ("Promise was collected", True),
        ("Inspected target navigated or closed", True),
        ("Execution context was destroyed.", True),
        ("Target crashed", True),
    ],
)
def test_a_script_that_the_page_went_away_under_may_have_had_its_effect(message: str, may_have_happened: bool) -> None:
    assert ProtocolError("Runtime.evaluate", -32000, message).may_have_happened is may_have_happened


def test_a_browser_that_failed_tells_what_to_do() -> None:
    what, why, todo = BrowserFailedError("the browser ended", why="it said: no display").lines()
    assert (what, why) == ("the browser ended", "it said: no display")
    assert "harness doctor" in todo

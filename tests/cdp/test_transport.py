from __future__ import annotations

from harness.cdp.transport import Early
from tests.cdp.receiving import Inbox


async def test_what_comes_early_is_handed_over_in_order_and_the_end_last() -> None:
    early, inbox = Early(), Inbox()
    early.receive(b"1")
    early.pause()
    early.receive(b"2")
    early.end("over")
    early.hand_over(inbox)
    assert inbox.messages == [b"1", b"2"]
    assert inbox.paused
    assert await inbox.ended == "over"


async def test_a_pause_that_is_over_is_not_handed_over() -> None:
    early, inbox = Early(), Inbox()
    early.pause()
    early.resume()
    early.hand_over(inbox)
    assert (inbox.paused, inbox.ends) == (False, 0)

from __future__ import annotations

from harness.testing.sim_browser import Fault, SimBrowser
from tests.testing.sim_browser.talking import Talk


def test_a_half_open_connection_takes_everything_and_brings_nothing() -> None:
    talk = Talk(SimBrowser())
    talk.client.half_open = True
    assert talk.reply_to(talk.send("Browser.getVersion")) is None
    assert talk.browser.commands == []
    assert talk.dropped == 0


def test_a_reply_that_is_swapped_comes_after_the_next_one() -> None:
    talk = Talk(SimBrowser(faults=[Fault(kind="swapped_reply", at="Browser.getVersion")]))
    talk.send("Browser.getVersion")
    assert talk.said == []
    talk.send("Target.getTargets")
    assert [message["id"] for message in talk.said] == [2, 1]


def test_a_connection_that_is_cut_is_cut_once_and_hears_nothing_more() -> None:
    talk = Talk(SimBrowser())
    talk.client.drop()
    talk.client.drop()
    talk.client.say({"method": "Late.event"})
    assert (talk.dropped, talk.said, talk.browser.clients) == (1, [], [])

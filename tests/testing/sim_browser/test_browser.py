from __future__ import annotations

import random

from harness.testing.sim_browser import KINDS, SimBrowser, random_faults
from harness.testing.sim_browser.faults import AT_START
from tests.testing.sim_browser.talking import Talk, Timers

SAYABLE = ("1 + 1", "window.kept = 1", "confirm('x')", "for(;;){}", "new Promise(() => {})", "location.href = '/b'")


def _life(seed: int) -> list[bytes]:
    """What one client is told in a random life under random faults, byte by byte."""
    chance, timers = random.Random(seed), Timers()
    kinds = tuple(kind for kind in KINDS if kind not in AT_START)
    browser = SimBrowser(seed=seed, faults=random_faults(seed, 10, kinds, among=40), later=timers.later)
    raw: list[bytes] = []
    talk, session = Talk(browser), ""
    for _ in range(120):
        if browser.dead:
            browser.restart()
        if not talk.client.connected or talk.client.half_open:
            raw += talk.raw
            talk, session = Talk(browser), ""
        if browser.frozen or timers.due:
            timers.turn()
            browser.thaw()
        choice = chance.randrange(5)
        if not session or choice == 0:
            talk.send("Target.setDiscoverTargets", discover=True)
            target = next(reversed(browser.pages), None)
            number = talk.send("Target.createTarget", url="about:blank") if target is None or choice == 0 else 0
            number = talk.send("Target.attachToTarget", targetId=next(reversed(browser.pages), ""), flatten=True)
            reply = talk.reply_to(number) or {}
            session = reply.get("result", {}).get("sessionId", "")
            for domain in ("Page", "Network", "Runtime"):
                talk.send(f"{domain}.enable", session)
        elif choice == 1:
            talk.send("Page.navigate", session, url=f"http://x/{chance.randrange(3)}")
        elif choice == 2:
            talk.send("Page.handleJavaScriptDialog", session, accept=True)
        else:
            talk.send("Runtime.evaluate", session, expression=chance.choice(SAYABLE))
    return raw + talk.raw


def test_the_same_seed_and_commands_bring_the_same_bytes_under_faults_too() -> None:
    for seed in range(60):
        assert _life(seed) == _life(seed), f"seed {seed}"


def test_another_seed_brings_other_ids() -> None:
    one, other = SimBrowser(seed=1), SimBrowser(seed=2)
    assert one.path != other.path
    assert one.path == SimBrowser(seed=1).path


def test_malformed_messages_are_refused_without_an_id_and_change_nothing() -> None:
    talk = Talk(SimBrowser())
    for data in (b"{", b"\xff", b"[]", b'{"method": "Browser.getVersion"}', b'{"id": 1}'):
        talk.client.receive(data)
    assert [message["error"]["code"] for message in talk.said] == [-32700, -32700, -32600, -32600, -32600]
    assert [message.get("id") for message in talk.said] == [None, None, None, None, 1]
    assert talk.browser.commands == []


def test_faults_of_another_start_do_not_strike() -> None:
    faults = random_faults(1, 5, ["renderer_crash"])
    assert SimBrowser(faults=faults, start=1).faults == list(faults)
    assert SimBrowser(faults=faults, start=2).faults == []

"""The health of one browser: questions it did not answer in a row, and what to make of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from harness.cdp.hang import HangPolicy, Judgement, Sign, judge
from harness.cdp.process_stat import Activity


class HealthPolicy(NamedTuple):
    """A question each `every_s`, to be answered within `deadline_s`; after a miss the next one comes at once. So a browser
    that is stopped is known after 3.5 s at most, and one that hangs after 5."""

    every_s: float = 2.0
    deadline_s: float = 1.5
    hang: HangPolicy = HangPolicy()


class BrowserHealth:
    """look: what the kernel says of the browser's process; None where that is not known (another host's)."""

    def __init__(self, policy: HealthPolicy, look: Callable[[], Activity | None]) -> None:
        self.policy = policy
        self.misses = 0
        self._look = look
        self._ticks_before = 0

    def answered(self) -> None:
        """It has answered."""
        self.misses = 0

    def missed(self) -> Judgement:
        """It has not answered once more."""
        now = self._look()
        if self.misses == 0:
            self._ticks_before = now.cpu_ticks if now else 0
        self.misses += 1
        return self.judgement()

    def judgement(self) -> Judgement:
        """What the kernel says counts at this moment, too: a browser may be stopped after its first miss."""
        now = self._look()
        stopped = now is not None and now.stopped
        advanced = now is None or now.cpu_ticks > self._ticks_before
        return judge(Sign(self.misses, stopped=stopped, cpu_advanced=advanced), self.policy.hang)

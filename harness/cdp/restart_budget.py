"""How many unplanned restarts a browser may have in an hour, before it is given up."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

HOUR_S = 3600.0


class RestartBudget:
    """clock_s: a clock that never goes back."""

    def __init__(self, per_hour: int, clock_s: Callable[[], float]) -> None:
        self.per_hour = per_hour
        self._clock_s = clock_s
        self._spent: deque[float] = deque()

    def spend(self) -> bool:
        """Take one restart of the hour that ends now; False when none was left."""
        now_s = self._clock_s()
        while self._spent and now_s - self._spent[0] > HOUR_S:
            self._spent.popleft()
        self._spent.append(now_s)
        return len(self._spent) <= self.per_hour

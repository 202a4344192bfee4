"""How long one connection waits by itself, before its first attempt and after each failed one."""

from __future__ import annotations

from harness.cdp.backoff import UniformSource, stagger_s, wait_s
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.reconnecting.slots import slot_wait_s


class WaitRule:
    """The wait function of a policy for connection `index` of `known`; `gated` where a coordinator's gate decides."""

    def __init__(
        self, policy: ReconnectPolicy, *, index: int, known: int, random: UniformSource, gated: bool = False
    ) -> None:
        self._policy, self._index, self._random = policy, index, random
        self._gated = gated and policy.scheme == "per-host"
        self._slots = policy.slots(known) if policy.scheme == "cohort-slots" else 0
        self._offset_s = stagger_s(index, known, policy.stagger_window_s)
        self._previous_s = policy.base_s

    def first_s(self, wall_s: float) -> float:
        """Before the first attempt of an outage."""
        self._previous_s = self._policy.base_s
        if self._gated:
            return 0.0
        if self._slots:
            return slot_wait_s(wall_s, self._index, self._slots, self._policy.slot_s, self._random)
        spread_s = 0.0 if self._policy.jitter == "none" else self._random.uniform(0.0, self._policy.base_s)
        return self._offset_s + spread_s

    def next_s(self, attempt: int, wall_s: float) -> float:
        """After failed attempt `attempt`, counted from 1."""
        policy = self._policy
        if self._gated:
            return 0.0
        if self._slots:
            return slot_wait_s(wall_s, self._index, self._slots, policy.slot_s, self._random)
        self._previous_s = wait_s(
            policy.jitter, attempt, self._previous_s, base_s=policy.base_s, cap_s=policy.cap_s, random=self._random
        )
        return self._previous_s

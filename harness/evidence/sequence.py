"""The per-run sequence over all channels: a missing number is an event that was emitted and is not there.

Channels are merged by sequence before they come here, so that one pass in constant memory sees every gap.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_GAPS_KEPT = 1000
UNFLUSHED_S = 5.0
"""How far before the end of a run that died a gap may lie and still be what its writers had not yet written."""


class Gap(NamedTuple):
    """Sequence numbers `first`..`last` are missing; the event before them happened at `after_mono_ns`."""

    incarnation: int
    first: int
    last: int
    after_mono_ns: int

    @property
    def size(self) -> int:
        """How many events are missing."""
        return self.last - self.first + 1


@dataclass
class SequenceCheck:
    """Feeds on every event's sequence number. missing: how many numbers are absent; disordered: repeated or going back."""

    missing: int = 0
    disordered: int = 0
    gaps: list[Gap] = field(default_factory=list)
    """The latest gaps, at most MAX_GAPS_KEPT."""
    _incarnation: int = 0
    _seq: int = 0
    _mono_ns: int = 0
    _last_by_channel: dict[tuple[int, str], int] = field(default_factory=dict)

    def add(self, incarnation: int, seq: int, channel: str, mono_ns: int) -> None:
        """The next event in merged order; each incarnation of the process counts from 1."""
        if incarnation > self._incarnation:
            self._incarnation, self._seq, self._mono_ns = incarnation, 0, mono_ns
        if incarnation < self._incarnation or seq <= self._seq:
            self.disordered += 1
            return
        if seq > self._seq + 1:
            self.missing += seq - self._seq - 1
            self.gaps.append(Gap(incarnation, self._seq + 1, seq - 1, self._mono_ns))
            if len(self.gaps) > MAX_GAPS_KEPT:
                del self.gaps[0]
        self._seq, self._mono_ns = seq, mono_ns
        self._last_by_channel[incarnation, channel] = seq

    def unflushed(self, channels: tuple[str, ...]) -> int:
        """How many of the missing events a kill explains: some channel ends before them, and they lie at the very end.

        Channels are written one after another; a process that dies in between leaves one short of the others.
        """
        ends = [self._last_by_channel.get((self._incarnation, channel), 0) for channel in channels]
        limit_ns = self._mono_ns - int(UNFLUSHED_S * 1e9)
        return sum(
            gap.size
            for gap in self.gaps
            if gap.incarnation == self._incarnation and gap.first > min(ends) and gap.after_mono_ns >= limit_ns
        )

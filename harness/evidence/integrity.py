"""Whether the evidence is whole: what was dropped, what is missing, what cannot be read, and what contradicts itself.

The same thing is told in several places of a run folder: a line has its type in the catalogue and its number in the
sequence; the last summary counts the lines of each channel; the manifest holds a digest of each channel, of each copied
file and, through `run.declared` in the audit channel, of itself. Damage shows where these disagree. Who rewrites all of
them alike is not found here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from harness.evidence.fields import table, text
from harness.evidence.sequence import SequenceCheck
from harness.runfolder.event import Event
from harness.runfolder.framing import BadLine, ChannelReading
from harness.runfolder.layout import Channel
from harness.runfolder.manifest import Manifest, declared_digest
from harness.telemetry.schema import complaint

CHANNELS = tuple(channel.value for channel in Channel)
MAX_KEPT = 100


class Located(NamedTuple):
    """An event with where it was read: the channel whose folder it lay in, its segment, and the number of its line."""

    channel: str
    event: Event
    segment: Path
    line: int


@dataclass
class Integrity:
    """Whether the evidence is whole. drops: events by channel that the run itself says it lost; foreign: events of
    another run, or lying in another channel's folder; invalid: events that the catalogue does not know like this, which
    are counted and not used; contradictions: where two places of the folder disagree; skeletons: events whose fields
    could not be written; vouched: whether the run left digests of its channels."""

    findings: ChannelReading = field(default_factory=lambda: ChannelReading([], []))
    sequence: SequenceCheck = field(default_factory=SequenceCheck)
    events_by_channel: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 0))
    foreign: int = 0
    invalid: int = 0
    strange_lines: list[BadLine] = field(default_factory=list)
    """Where the invalid and the foreign ones lie, the first MAX_KEPT."""
    contradictions: list[str] = field(default_factory=list)
    skeletons: int = 0
    vouched: bool = False
    _told: dict[tuple[int, str], int] = field(default_factory=dict)
    _summed: dict[tuple[int, str], int] = field(default_factory=dict)
    _counted: dict[tuple[int, str], int] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """Events of all channels."""
        return sum(self.events_by_channel.values())

    @property
    def drops(self) -> dict[str, int]:
        """Dropped events by channel, channels without drops left out."""
        drops = dict.fromkeys(CHANNELS, 0)
        for incarnation, channel in self._told.keys() | self._summed.keys():
            key = (incarnation, channel)
            drops[channel] = drops.get(channel, 0) + max(self._told.get(key, 0), self._summed.get(key, 0))
        return {channel: dropped for channel, dropped in drops.items() if dropped}

    @property
    def lost_untold(self) -> int:
        """Missing sequence numbers that no drop accounts for."""
        return max(0, self.sequence.missing - sum(self.drops.values()))

    def unwritten(self, *, died: bool) -> int:
        """How many of the missing events a kill explains: none in a run that says how it ended."""
        return min(self.sequence.unflushed(CHANNELS), self.lost_untold) if died else 0

    def damages(self, *, died: bool) -> dict[str, int]:
        """What a run does not do to its own evidence, by kind. Evidence in which one of these is not 0 is damaged."""
        return {
            "missing": self.lost_untold - self.unwritten(died=died),
            "bad lines": len(self.findings.bad),
            "torn tails": 0 if died else len(self.findings.torn),
            "invalid": self.invalid,
            "out of order": self.sequence.disordered,
            "foreign": self.foreign,
            "contradictions": len(self.contradictions),
        }

    def add(self, located: Located, manifest: Manifest) -> bool:
        """The next event in merged order; whether it can be used."""
        channel, event, segment, line = located
        key = (event.incarnation, channel)
        self.events_by_channel[channel] += 1
        self.sequence.add(event.incarnation, event.seq, channel, event.mono_ns)
        foreign = event.run_id != manifest.run_id or event.channel != channel
        wrong = complaint(event)
        self.foreign += foreign
        self.invalid += bool(wrong)
        if (wrong or foreign) and len(self.strange_lines) < MAX_KEPT:
            told = wrong or f"an event of run {event.run_id[:60]!r}, channel {event.channel[:60]!r}"
            self.strange_lines.append(BadLine(segment, line, told))
        if wrong:
            pass  # counted, and not used
        elif event.event == "telemetry.dropped":
            for of, dropped in table(event, "dropped").items():
                self._told[event.incarnation, of] = self._told.get((event.incarnation, of), 0) + dropped
        elif event.event == "telemetry.summary":
            self._sum_up(located)
        elif event.event == "run.declared" and text(event, "sha256") != declared_digest(manifest):
            where = BadLine(segment, line, "manifest.json is not what it was when the run began")
            self.contradictions.append(str(where))
        self._counted[key] = self._counted.get(key, 0) + 1
        return not wrong

    def _sum_up(self, located: Located) -> None:
        """What the pipeline counted until now is what lies there, but for what it says it dropped."""
        _, event, segment, line = located
        emitted, dropped = table(event, "emitted"), table(event, "dropped")
        self.skeletons = max(self.skeletons, emitted.get("skeletons", 0))
        for channel in dropped:
            self._summed[event.incarnation, channel] = dropped[channel]
        for channel in CHANNELS:
            there, counted = self._counted.get((event.incarnation, channel), 0), emitted.get(channel, 0)
            if not counted - dropped.get(channel, 0) <= there <= counted:
                where = BadLine(
                    segment, line, f"emitted.{channel} is {counted}, and {there} of its events lie before it"
                )
                self.contradictions.append(str(where))

    def compare_digests(self, digests: Mapping[str, str], told: Mapping[str, str]) -> None:
        """Each channel's digest, `digests` as it was read and `told` as the run's ending holds it."""
        self.vouched = set(CHANNELS) <= told.keys()
        for channel in CHANNELS:
            if channel in told and told[channel] != digests.get(channel):
                folder = Channel(channel).collection
                self.contradictions.append(
                    f"channels/{folder}: its lines are not those whose digest manifest.json holds"
                )

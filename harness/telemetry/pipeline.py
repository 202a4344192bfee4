"""One call per event: `log.info("lease.granted", scope=…)`. structlog merges the bound correlation, the catalogue chooses
the channel and checks the fields, the redactor passes or cuts, and the sink takes one encoded line.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from harness.basics.clock import Clock, SystemClock
from harness.runfolder.event import CORRELATION_FIELDS, Event
from harness.runfolder.framing import encode_line
from harness.runfolder.layout import Channel
from harness.telemetry.catalogue import CATALOGUE, EventSpec
from harness.telemetry.redaction import Redactor
from harness.telemetry.sink import Sink

Log = FilteringBoundLogger
"""What the house logs through: a structlog bound logger over the four channels."""

_CORRELATION = frozenset(CORRELATION_FIELDS)
_OURS = frozenset({"run_id", "incarnation"})

_FAILS_CLOSED = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    msgspec.MsgspecError,
)
"""What a field that cannot be redacted or encoded raises; its event is written as its skeleton."""


class UndeclaredEventError(ValueError):
    """An event or field that the catalogue does not hold: a defect of the emitting code."""


class Telemetry:
    """The pipeline of one run. `log` is its root logger; counters tell what was emitted, dropped and cut to a skeleton."""

    def __init__(
        self,
        sink: Sink,
        *,
        run_id: str,
        incarnation: int = 1,
        redactor: Redactor | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.sink = sink
        self.run_id = run_id
        self.incarnation = incarnation
        self.redactor = redactor or Redactor()
        self._clock = clock or SystemClock()
        self._seq = 0
        self.emitted = dict.fromkeys(Channel, 0)
        self.skeletons = 0
        self._told_drops: dict[Channel, int] = dict.fromkeys(Channel, 0)
        self._drops = dict.fromkeys(Channel, 0)
        self.log = cast(
            "Log",
            structlog.wrap_logger(
                _Last(),
                processors=[structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, self._emit],
                wrapper_class=structlog.make_filtering_bound_logger(0),
                cache_logger_on_first_use=True,
            ),
        )

    def _emit(self, _logger: Any, _method: str, entry: MutableMapping[str, Any]) -> tuple[tuple[()], dict[str, Any]]:
        name = entry.pop("event")
        level = entry.pop("level")
        spec = CATALOGUE.get(name)
        if spec is None:
            raise UndeclaredEventError(f"event {name!r} is not in the catalogue")
        ids = {key: entry.pop(key) for key in _CORRELATION & entry.keys()}
        # An id of another type would make a line that no reader takes.
        ids = {key: str(value) for key, value in ids.items() if value is not None and key not in _OURS}
        if not entry.keys() <= spec.fields.keys():
            raise UndeclaredEventError(
                f"event {name!r} has undeclared fields {sorted(entry.keys() - spec.fields.keys())}"
            )
        self._seq += 1
        event = Event(
            time_ns=self._clock.wall_ns(),
            mono_ns=self._clock.monotonic_ns(),
            seq=self._seq,
            channel=spec.channel.value,
            event=name,
            level=level,
            run_id=self.run_id,
            incarnation=self.incarnation,
            **ids,
        )
        if self.sink.put(spec.channel, self._redacted(spec, event, entry)):
            self.emitted[spec.channel] += 1
        else:
            self._drops[spec.channel] += 1
        return (), {}

    def _redacted(self, spec: EventSpec, event: Event, fields: Mapping[str, Any]) -> bytes:
        try:
            text = spec.text_fields
            event.fields = {k: self.redactor.text(v) if k in text else v for k, v in fields.items()}
            return self.redactor.line(encode_line(event))
        except _FAILS_CLOSED:
            return self._skeleton(event)

    def _skeleton(self, event: Event) -> bytes:
        """What is known to be safe: the event without its fields and, where even those cannot be redacted, its ids.

        It is counted in the summary.
        """
        self.skeletons += 1
        event.fields = {}
        try:
            return self.redactor.line(encode_line(event))
        except _FAILS_CLOSED:
            bare = dict.fromkeys(_CORRELATION - _OURS, "")
            return encode_line(msgspec.structs.replace(event, **bare))

    def drops(self) -> dict[str, int]:
        """Events dropped so far by channel: refused by the queue, or lost by the sink afterwards."""
        lost = getattr(self.sink, "dropped", self._drops)
        return {channel.value: lost[channel] for channel in Channel}

    def tell_drops(self) -> None:
        """Emit `telemetry.dropped` when more was dropped since the last call."""
        now = self.drops()
        news = {channel: now[channel] - self._told_drops[Channel(channel)] for channel in now}
        if any(news.values()):
            emitted = self.emitted[Channel.OPERATIONAL]
            self.log.error("telemetry.dropped", dropped={k: v for k, v in news.items() if v})
            if self.emitted[Channel.OPERATIONAL] > emitted:  # otherwise it was dropped itself: it is told next time
                self._told_drops = {Channel(channel): count for channel, count in now.items()}

    def summarise(self) -> None:
        """Emit `telemetry.summary`: totals by channel, and how many events were cut to their skeleton."""
        emitted = {channel.value: count for channel, count in self.emitted.items()}
        self.log.info("telemetry.summary", emitted={**emitted, "skeletons": self.skeletons}, dropped=self.drops())

    async def commit(self) -> None:
        """Await the durability of all audit events so far: called at step boundaries."""
        await self.sink.commit()

    def close(self) -> None:
        """Write what is queued and stop."""
        self.sink.close()


class _Last:
    """The end of structlog's chain: everything was done by the last processor."""

    def msg(self) -> None:
        """Nothing is left to do."""

    debug = info = warning = error = critical = msg

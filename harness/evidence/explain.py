"""From any id in a correlation chain to the chain itself: its events over all four channels, in order.

Lines are sifted as bytes before they are decoded, so a folder of millions of events is searched at the speed of its
disk; only what belongs to the chain is kept, up to a limit.
"""

from __future__ import annotations

import difflib
import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from harness.basics.errors import EnvironmentLacksError, UsageError
from harness.runfolder.event import CORRELATION_FIELDS, Event
from harness.runfolder.layout import Channel, RunPaths
from harness.runfolder.manifest import read_manifest

LIMIT = 20_000
"""Events that a chain keeps; more are counted."""
MAX_SPINS = 20
"""A part of a chain (a trace, a command) that leads to more spins than this is not followed into them."""


class UnknownIdError(UsageError):
    """The id occurs nowhere in the run."""


_decoder = msgspec.json.Decoder(Event)
_SPIN_PARTS = ("failure_id", "spin_id", "step_id", "phase", "command_id", "trace_id", "span_id")
"""Kinds of ids that stand for a place in one spin: they lead to the whole spin."""
_QUALIFIED = ("step_id", "phase")
"""Names that every spin of a path repeats: they need their spin, as `SPIN/STEP`."""
_SUGGESTABLE = re.compile(rb'"(?:spin_id|item_id|worker_id|failure_id|trace_id|browser_id|run_id)":"([^"\\]{1,200})"')
_MAX_SUGGESTED_FROM = 50_000


@dataclass
class Chain:
    """A correlation chain. kind: the name of the id that was asked for; marked: sequence numbers, with incarnation, of
    the events that carry it; more: how many events of the chain were left out beyond the limit."""

    id: str
    kind: str
    spin_ids: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    marked: set[tuple[int, int]] = field(default_factory=set)
    more: int = 0

    def is_marked(self, event: Event) -> bool:
        """Whether this event carries the id that was asked for."""
        return (event.incarnation, event.seq) in self.marked


def explain(run_root: Path, wanted: str, *, limit: int = LIMIT) -> Chain:
    """The chain of `wanted`: of its spin when it stands for a place in one, else of everything that carries it.

    `SPIN/STEP` and `SPIN/PHASE` name a step or phase of one spin. Raises UsageError when `run_root` is no run folder, when
    the id does not occur in it (naming the nearest ones), or when it names something in many spins.
    """
    read_manifest(run_root)
    paths = RunPaths(run_root)
    if wanted:
        chain = _direct(paths, wanted, limit) or _qualified(paths, wanted, limit)
        if chain is not None:
            return chain
    raise _unknown(paths, run_root, wanted)


def _direct(paths: RunPaths, wanted: str, limit: int) -> Chain | None:
    """The chain of an id that stands in events as it is."""
    chain = Chain(wanted, "")
    spins: dict[str, None] = {}
    places = 0
    for event in _carrying(paths, wanted):
        kind = _kind(event, wanted)
        if kind is None:
            continue
        chain.kind = _outer(chain.kind, kind)
        chain.marked.add((event.incarnation, event.seq))
        if kind in _SPIN_PARTS and event.spin_id:
            places += 1
            if len(spins) <= MAX_SPINS:
                spins[event.spin_id] = None
        _keep(chain, event, limit)
        if len(chain.marked) > limit:
            chain.marked.discard((event.incarnation, event.seq))
    if not chain.kind:
        return None
    if places and chain.kind in _SPIN_PARTS:
        if chain.kind in _QUALIFIED and len(spins) > 1:
            raise _ambiguous(chain.kind, wanted, next(iter(spins)))
        if len(spins) <= MAX_SPINS:
            return _of_spins(paths, chain, tuple(spins), limit)
    return chain


def _qualified(paths: RunPaths, wanted: str, limit: int) -> Chain | None:
    """The chain of `SPIN/STEP` or `SPIN/PHASE`."""
    spin_id, slash, part = wanted.partition("/")
    if not (slash and spin_id and part):
        return None
    chain = Chain(wanted, "")
    for event in _carrying(paths, spin_id):
        kind = "step_id" if event.step_id == part else "phase" if event.phase == part else ""
        if event.spin_id == spin_id and kind:
            chain.kind = chain.kind or kind
            chain.marked.add((event.incarnation, event.seq))
    return _of_spins(paths, chain, (spin_id,), limit) if chain.kind else None


def _of_spins(paths: RunPaths, chain: Chain, spin_ids: tuple[str, ...], limit: int) -> Chain:
    """Replace the events of a chain by all events of its spins."""
    whole = Chain(chain.id, chain.kind, spin_ids, marked=chain.marked)
    streams = (_of_spin(paths, spin_id) for spin_id in spin_ids)
    for event in heapq.merge(*streams, key=_order):
        _keep(whole, event, limit)
    return whole


def _of_spin(paths: RunPaths, spin_id: str) -> Iterator[Event]:
    return (event for event in _carrying(paths, spin_id) if event.spin_id == spin_id)


def _keep(chain: Chain, event: Event, limit: int) -> None:
    if len(chain.events) < limit:
        chain.events.append(event)
    else:
        chain.more += 1


def _kind(event: Event, wanted: str) -> str | None:
    """Under which name an event carries an id: a correlation id (the outermost), or one of its fields."""
    for name in CORRELATION_FIELDS:
        if getattr(event, name) == wanted:
            return name
    return next((name for name, value in event.fields.items() if value == wanted), None)


def _outer(before: str, now: str) -> str:
    """The name that an id goes by when events carry it under several: its own name before a mere mention."""
    own = (*CORRELATION_FIELDS, "failure_id", "browser_id", "target_id", "session_id", "scope")
    ranked = {name: rank for rank, name in enumerate(own)}
    return min((name for name in (before, now) if name), key=lambda name: ranked.get(name, len(own)))


def _order(event: Event) -> tuple[int, int]:
    return event.incarnation, event.seq


def _carrying(paths: RunPaths, wanted: str) -> Iterator[Event]:
    """Events of all channels, in order, whose line holds `wanted` as a whole JSON string."""
    needle = msgspec.json.encode(wanted)
    return heapq.merge(*(_sifted(paths, channel, needle) for channel in Channel), key=_order)


def _sifted(paths: RunPaths, channel: Channel, needle: bytes) -> Iterator[Event]:
    for line in _lines(paths, channel):
        if needle in line:
            try:
                event = _decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # `evaluate` counts lines that are no events; a chain is made of those that are
            yield event


def _lines(paths: RunPaths, channel: Channel) -> Iterator[bytes]:
    """Complete lines; a torn tail is none."""
    for segment in paths.segments(channel):
        try:
            if not segment.is_file():  # `evaluate` tells of a pipe or device in a segment's place
                continue
            with segment.open("rb") as file:
                yield from (line for line in file if line.endswith(b"\n"))
        except OSError as error:
            raise EnvironmentLacksError(
                f"segment {segment} cannot be read",
                why=error.strerror or str(error),
                todo="make it readable: without it a chain would have holes that nobody sees",
            ) from error


def _ambiguous(kind: str, wanted: str, spin_id: str) -> UsageError:
    name = "step" if kind == "step_id" else "phase"
    return UsageError(
        f"{wanted} is a {name} of many spins",
        why=f"every spin of its path has a {name} of this name",
        todo=f"name the spin, too: {spin_id}/{wanted}",
    )


def _unknown(paths: RunPaths, run_root: Path, wanted: str) -> UnknownIdError:
    near = _nearest(paths, wanted)
    return UnknownIdError(
        f"{wanted or 'an empty id'} occurs nowhere in {run_root}",
        why="no event of its four channels carries this id",
        todo=f"did you mean {', '.join(near)}?" if near else "take an id from report.html or from an event of the run",
    )


def _nearest(paths: RunPaths, wanted: str) -> list[str]:
    """Up to three ids of the run that begin with, or look like, what was asked for."""
    known: dict[str, None] = {}
    for channel in (Channel.DOMAIN, Channel.OPERATIONAL):
        for line in _lines(paths, channel):
            known.update((match.decode(errors="replace"), None) for match in _SUGGESTABLE.findall(line))
            if len(known) > _MAX_SUGGESTED_FROM:
                break
    spin_id, slash, _ = wanted.partition("/")
    begun = [name for name in known if len(spin_id) >= 4 and name.startswith(spin_id)]
    return (begun or difflib.get_close_matches(spin_id if slash else wanted, list(known), n=3, cutoff=0.8))[:3]

"""The pages that are drawn from the code say what the code says: docs/events.md and docs/states.md.

`scripts/draw_events` draws them anew; this check finds a page that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from harness.basics.transitions import TransitionTable
from harness.cdp.reconnecting.states import GATE_TRANSITIONS, GateState
from harness.cdp.states import BROWSER_TRANSITIONS, BrowserState
from harness.coordination.ownership import OWNERSHIP_TRANSITIONS, OwnershipState
from harness.pool.states import ITEM_TRANSITIONS, WORKER_TRANSITIONS, ItemState, WorkerState
from harness.runfolder.event import CORRELATION_FIELDS
from harness.runfolder.layout import Channel
from harness.telemetry.catalogue import CATALOGUE, EventSpec
from scripts.checks.findings import Finding, finish

S = TypeVar("S", bound=StrEnum)

_DRAWN = "<!-- Drawn from the code by scripts/draw_events; edits by hand are lost. -->"

_CHANNELS: Mapping[Channel, str] = {
    Channel.OPERATIONAL: "what the machinery did",
    Channel.PERFORMANCE: "how long it took",
    Channel.DOMAIN: "what was done for the user",
    Channel.AUDIT: "who might write, what was refused, what was done on purpose",
}


def draw_events() -> str:
    """docs/events.md: every event of the catalogue under the channel that it belongs to."""
    lines = [
        "# Events",
        "",
        _DRAWN,
        "",
        "Every event belongs to one of four channels. An event or a field that is not listed here is refused where it is",
        "emitted. The list is a contract: a change of it has to be declared (`scripts/contracts`).",
        "",
        "Beside its fields an event carries `time_ns`, `mono_ns`, `seq`, `channel`, `event`, `level` and, as far as they",
        f"apply, the ids of its correlation chain: {', '.join(f'`{name}`' for name in CORRELATION_FIELDS)}.",
        "",
        "Behind each field stands its kind: `id`; `name`, an enumerated or structural word; `count`; `integer`, which may be",
        "negative; `ms`, `s` and `bytes`, which are units and never negative; `flag`; `table`, counts by name; `text`, words",
        "that may come from pages, sites or people. Behind a kind, `?` says that the field may be left out, or be null;",
        "every other field is there. `harness evaluate` holds each event against this list.",
    ]
    for channel in Channel:
        events = [event for event in CATALOGUE.values() if event.channel is channel]
        lines += ["", f"## {channel.value}: {_CHANNELS[channel]}", "", f"`channels/{channel.collection}`", ""]
        lines += ["| event | meaning | fields |", "|---|---|---|", *map(_event_row, events)]
    return "\n".join(lines) + "\n"


def _event_row(event: EventSpec) -> str:
    fields = ", ".join(f"`{name}` {kind}" for name, kind in event.fields.items())
    return f"| `{event.name}` | {event.meaning.replace('|', '&#124;')} | {fields} |"


def draw_states() -> str:
    """docs/states.md: each transition table as a state diagram."""
    machines: list[tuple[str, str, str, str]] = [
        ("Browser", "harness/cdp/states.py", "Only a healthy browser is given to workers.",
         draw_diagram(BROWSER_TRANSITIONS, BrowserState.STARTING)),
        ("Reconnect gate of an endpoint", "harness/cdp/reconnecting/states.py", "Half-open is exactly one probe.",
         draw_diagram(GATE_TRANSITIONS, GateState.CLOSED)),
        ("Ownership of a scope", "harness/coordination/ownership.py", "A page is written to under an active lease alone.",
         draw_diagram(OWNERSHIP_TRANSITIONS, OwnershipState.UNOWNED)),
        ("Work item", "harness/pool/states.py", "An item goes back to the queue while it has attempts left.",
         draw_diagram(ITEM_TRANSITIONS, ItemState.QUEUED)),
        ("Worker", "harness/pool/states.py", "A worker that died is replaced.",
         draw_diagram(WORKER_TRANSITIONS, WorkerState.IDLE)),
    ]  # fmt: skip
    lines = [
        "# States",
        "",
        _DRAWN,
        "",
        "Every state machine has one table of legal moves. A move that is not drawn here raises, and changes nothing.",
    ]
    for title, module, note, diagram in machines:
        lines += ["", f"## {title}", "", f"{note} The table is in `{module}`.", "", "```mermaid", diagram, "```"]
    return "\n".join(lines) + "\n"


def draw_diagram(table: TransitionTable[S], start: S) -> str:
    """A mermaid state diagram of every move, from `start`; a state without a way out leads to the end."""
    moves = [f"    [*] --> {start}"]
    moves += [f"    {from_state} --> {to_state}" for from_state, to_state in table.rows()]
    moves += [f"    {state} --> [*]" for state, targets in table.moves.items() if not targets]
    return "\n".join(["stateDiagram-v2", "    direction LR", *moves])


PAGES: Mapping[str, Callable[[], str]] = {"docs/events.md": draw_events, "docs/states.md": draw_states}
"""Where each drawn page lies, and what draws it."""


def draw(root: Path) -> list[str]:
    """Write every page that says something else than the code; returns their paths."""
    drawn = []
    for path, page in PAGES.items():
        if _committed(root / path) != page():
            (root / path).parent.mkdir(exist_ok=True)
            (root / path).write_text(page(), encoding="utf-8")
            drawn.append(path)
    return drawn


def check(root: Path) -> Iterator[Finding]:
    """Pages that are missing, or not what the code gives."""
    for path, page in PAGES.items():
        committed = _committed(root / path)
        if committed is None:
            yield Finding(path, 0, "does not exist; draw it: scripts/draw_events")
        elif committed != (wanted := page()):
            yield Finding(path, _first_difference(committed, wanted), "is not what the code says; scripts/draw_events")


def _committed(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _first_difference(one: str, other: str) -> int:
    """The number of the first line, from 1, that is not the same."""
    ours, theirs = one.splitlines(), other.splitlines()
    pairs = enumerate(zip(ours, theirs, strict=False), start=1)
    return next((number for number, (a, b) in pairs if a != b), min(len(ours), len(theirs)) + 1)


if __name__ == "__main__":
    finish(check)

"""Faults as data: what goes wrong in a simulated browser, at which command, and to which page.

A script of faults is a list of them; `random_faults` makes one from a seed. `Fault` says nothing of how a fault shows:
that is striking.py, and docs/sim-browser.md has the table.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

FaultKind = Literal[
    "socket_drop",
    "half_open",
    "freeze",
    "browser_death",
    "renderer_crash",
    "renderer_kill",
    "renderer_busy",
    "target_closed",
    "dialog",
    "no_headers",
    "net_error",
    "no_content",
    "download",
    "server_error",
    "cut_body",
    "oversized_reply",
    "parse_error",
    "binary_frame",
    "swapped_reply",
    "slow_reply",
    "stale_session",
    "foreign_navigation",
    "profile_in_use",
    "silent_start",
]
KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

AT_START: frozenset[FaultKind] = frozenset({"profile_in_use", "silent_start"})
"""Strike a browser that is being started; only the executable form has a start."""

OF_NAVIGATIONS: frozenset[FaultKind] = frozenset(
    {"no_headers", "net_error", "no_content", "download", "server_error", "cut_body"}
)
"""Decide how the navigation ends at which they strike; a call of `strike` lets them wait for the page's next one."""

OF_PAGES: frozenset[FaultKind] = frozenset(
    {
        "renderer_crash",
        "renderer_kill",
        "renderer_busy",
        "target_closed",
        "dialog",
        "stale_session",
        "foreign_navigation",
    }
)
"""Strike one page: the command's own, or the one that `target` names."""


OF_REPLIES: frozenset[FaultKind] = frozenset({"slow_reply", "swapped_reply"})
"""Strike the reply to one command."""


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault.

    at, nth: the command at which it strikes, the nth of that method (any method where `at` is empty). when: before the
    command takes effect (it never does then), or after, with its reply lost. target: a target's id; empty for the command's
    own page. start: in which start of the executable form; 0 is every one. seconds: how long a freeze or a slow reply lasts;
    0 is until `thaw`. detail: the net error of `net_error`, the text of a dialog, the URL of a foreign navigation.
    """

    kind: FaultKind
    at: str = ""
    nth: Annotated[int, Meta(ge=1)] = 1
    when: Literal["before", "after"] = "after"
    target: str = ""
    start: Annotated[int, Meta(ge=0)] = 1
    seconds: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    detail: str = ""


def random_faults(
    seed: int, count: int, kinds: Sequence[FaultKind], *, at: str = "Runtime.evaluate", among: int = 100
) -> tuple[Fault, ...]:
    """`count` faults of these kinds at different commands among the first `among` of that method; the same for a seed.

    A fault of navigations strikes at `Page.navigate` instead.
    """
    chance = random.Random(f"faults {seed}")  # noqa: S311 - chosen, not secret
    picked = chance.sample(range(1, among + 1), count)
    faults = []
    for nth in sorted(picked):
        kind = chance.choice(kinds)
        faults.append(
            Fault(
                kind=kind,
                at="Page.navigate" if kind in OF_NAVIGATIONS else at,
                nth=nth,
                when=chance.choice(("before", "after")),
                seconds=round(chance.uniform(0.01, 0.2), 3) if kind in {"slow_reply", "freeze"} else 0.0,
            )
        )
    return tuple(faults)

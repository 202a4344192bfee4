"""Where work items come from: the profile's mix without end, or every path and credential once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from harness.pool.items import WorkItem


@dataclass(frozen=True)
class PathShare:
    """One path's part of the work. weight: its share of the mix; credentials: used in turn, empty for none."""

    path: str
    weight: float = 1.0
    credentials: tuple[str, ...] = ()
    priority: int = 0
    attempts: int = 2


class MixFeed:
    """A source without end: paths by weight, evenly spread rather than drawn blindly, credentials in turn.

    The next path is the one furthest behind its share (stride scheduling, Waldspurger and Weihl 1995); `rng` only breaks
    the ties, so that a run is repeatable from its seed.
    """

    def __init__(self, shares: Sequence[PathShare], rng: random.Random) -> None:
        if not shares:
            raise ValueError("a mix needs at least one path")
        self._shares = list(shares)
        self._passes = [rng.random() / share.weight for share in shares]
        self._turns = [0] * len(shares)

    def __call__(self) -> WorkItem:
        number = min(range(len(self._shares)), key=self._passes.__getitem__)
        share = self._shares[number]
        self._passes[number] += 1 / share.weight
        turn, self._turns[number] = self._turns[number], self._turns[number] + 1
        credential = share.credentials[turn % len(share.credentials)] if share.credentials else None
        return WorkItem(share.path, credential, share.priority, share.attempts)


def each_once(shares: Sequence[PathShare], *, attempts: int | None = None) -> list[WorkItem]:
    """Every path with every one of its credentials, once; `attempts` overrides the paths' own."""
    return [
        WorkItem(
            share.path,
            credential,
            share.priority,
            share.attempts if attempts is None else attempts,
            key=f"{share.path}/{credential or '-'}",
        )
        for share in shares
        for credential in (share.credentials or (None,))
    ]

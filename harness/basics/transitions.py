"""Every legal transition of a state machine in one table; what is not in the table raises and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

from harness.basics.errors import HarnessError

S = TypeVar("S", bound=StrEnum)


class InvalidTransitionError(HarnessError):
    """A state was asked to move where the table has no way: a defect of the caller; nothing was changed."""

    code = "invalid_transition"

    def __init__(self, machine: str, subject: str, from_state: str, to_state: str, **context: Any) -> None:
        super().__init__(
            f"{machine} {subject} cannot go from {from_state} to {to_state}",
            why="the transition table has no such row",
            subject=subject,
            from_state=from_state,
            to_state=to_state,
            **context,
        )
        self.from_state, self.to_state = from_state, to_state


class TransitionTable(Generic[S]):
    """The legal moves of one machine: state -> states it may go to. Every state of the enum must have a row."""

    def __init__(self, machine: str, states: type[S], moves: Mapping[S, tuple[S, ...]]) -> None:
        missing = set(states) - moves.keys()
        if missing:
            raise ValueError(f"{machine}: states without a row: {sorted(missing)}")
        self.machine = machine
        self.moves = dict(moves)

    def check(self, subject: str, from_state: S, to_state: S) -> None:
        """InvalidTransitionError unless the table has this move."""
        if to_state not in self.moves[from_state]:
            raise InvalidTransitionError(self.machine, subject, from_state.value, to_state.value)

    def rows(self) -> Iterator[tuple[S, S]]:
        """Every legal move, for the docs."""
        for from_state, targets in self.moves.items():
            for to_state in targets:
                yield from_state, to_state

"""Who owns which scope: a table of states, bindings and epochs. It decides; it does not wait, log or read a clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from harness.basics.transitions import InvalidTransitionError, TransitionTable
from harness.coordination.errors import InvalidOwnershipTransitionError


class OwnershipState(StrEnum):
    """Where a scope stands."""

    UNOWNED = "unowned"
    CLAIMED = "claimed"
    ACTIVE = "active"
    RELEASING = "releasing"
    REVOKED = "revoked"


_S = OwnershipState

OWNERSHIP_TRANSITIONS = TransitionTable(
    "ownership",
    OwnershipState,
    {
        _S.UNOWNED: (_S.CLAIMED,),
        _S.CLAIMED: (_S.ACTIVE, _S.REVOKED),
        _S.ACTIVE: (_S.RELEASING, _S.REVOKED),
        _S.RELEASING: (_S.UNOWNED, _S.REVOKED),
        _S.REVOKED: (_S.UNOWNED,),
    },
)


class Epoch(NamedTuple):
    """The fencing token: it only ever grows, over restarts of the harness, too (`incarnation` first)."""

    incarnation: int
    counter: int

    def __str__(self) -> str:
        return f"{self.incarnation}.{self.counter}"


@dataclass(frozen=True, slots=True)
class Binding:
    """Owner metadata of one lease. Ids are empty where they do not apply; `acquired_ns` is monotonic; `correlation` are
    the ids of whoever asked: a lease is often granted, revoked or expired by somebody else's doing."""

    owner: str
    reason: str
    run_id: str = ""
    cohort: str = ""
    browser_id: str = ""
    target_id: str = ""
    context_id: str = ""
    credential: str = ""
    correlation: Mapping[str, str] = field(default_factory=dict)
    acquired_ns: int = 0


@dataclass(slots=True)
class Entry:
    """One scope's row; `epoch` and `binding` are those of the present owner, None where there is none."""

    state: OwnershipState = OwnershipState.UNOWNED
    epoch: Epoch | None = None
    binding: Binding | None = None


@dataclass(slots=True)
class OwnershipTable:
    """All scopes of one process. Each move is checked against the transition table before anything changes."""

    incarnation: int = 1
    _counter: int = 0
    _entries: dict[str, Entry] = field(default_factory=dict)

    def entry(self, scope: str) -> Entry:
        """The scope's row; an unknown scope is UNOWNED."""
        return self._entries.get(scope) or Entry()

    def owned(self) -> Iterator[tuple[str, Entry]]:
        """Every scope that is not UNOWNED."""
        return ((scope, entry) for scope, entry in list(self._entries.items()) if entry.state is not _S.UNOWNED)

    def is_current(self, scope: str, epoch: Epoch) -> bool:
        """Whether a write under this epoch may pass."""
        entry = self._entries.get(scope)
        return entry is not None and entry.state is _S.ACTIVE and entry.epoch == epoch

    def claim(self, scope: str, binding: Binding) -> Epoch:
        """UNOWNED -> CLAIMED under a new epoch, higher than every one before it."""
        self._check(scope, _S.CLAIMED, binding.owner)
        self._counter += 1
        epoch = Epoch(self.incarnation, self._counter)
        self._entries[scope] = Entry(_S.CLAIMED, epoch, binding)
        return epoch

    def activate(self, scope: str, epoch: Epoch) -> None:
        """CLAIMED -> ACTIVE by the claimer."""
        self._move(scope, epoch, _S.ACTIVE)

    def begin_release(self, scope: str, epoch: Epoch) -> None:
        """ACTIVE -> RELEASING by the owner: writes are refused from here on."""
        self._move(scope, epoch, _S.RELEASING)

    def finish_release(self, scope: str, epoch: Epoch) -> None:
        """RELEASING -> UNOWNED by the owner; the row is dropped, the counter keeps the order of epochs."""
        self._move(scope, epoch, _S.UNOWNED)
        self._entries.pop(scope)

    def revoke(self, scope: str) -> Binding:
        """Any owned state -> REVOKED -> UNOWNED; the epoch is void for ever. Returns who held it."""
        entry = self.entry(scope)
        self._check(scope, _S.REVOKED, entry.binding.owner if entry.binding else "")
        assert entry.binding is not None
        entry.state = _S.REVOKED
        self._check(scope, _S.UNOWNED, entry.binding.owner)
        self._entries.pop(scope)
        return entry.binding

    def _move(self, scope: str, epoch: Epoch, to_state: OwnershipState) -> None:
        entry = self.entry(scope)
        owner = entry.binding.owner if entry.binding else ""
        self._check(scope, to_state, owner)
        if entry.epoch != epoch:
            raise InvalidOwnershipTransitionError(
                "ownership", scope, entry.state.value, to_state.value, owner=owner, attempted_by=f"epoch {epoch}"
            )
        entry.state = to_state

    def _check(self, scope: str, to_state: OwnershipState, attempted_by: str) -> None:
        entry = self.entry(scope)
        try:
            OWNERSHIP_TRANSITIONS.check(scope, entry.state, to_state)
        except InvalidTransitionError as error:
            raise InvalidOwnershipTransitionError(
                "ownership",
                scope,
                entry.state.value,
                to_state.value,
                owner=entry.binding.owner if entry.binding else "",
                attempted_by=attempted_by,
            ) from error

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from harness.coordination.errors import InvalidOwnershipTransitionError
from harness.coordination.ownership import Binding, Epoch, OwnershipState, OwnershipTable

W1, W2 = Binding("w1", "test"), Binding("w2", "test")
SCOPE = "session:t1"


def owned() -> tuple[OwnershipTable, Epoch]:
    table = OwnershipTable()
    epoch = table.claim(SCOPE, W1)
    table.activate(SCOPE, epoch)
    return table, epoch


def test_a_scope_nobody_claimed_is_unowned() -> None:
    table = OwnershipTable()
    entry = table.entry(SCOPE)
    assert (entry.state, entry.epoch, entry.binding) == (OwnershipState.UNOWNED, None, None)
    assert list(table.owned()) == []


def test_a_claim_counts_only_when_it_is_active() -> None:
    table = OwnershipTable()
    epoch = table.claim(SCOPE, W1)
    assert not table.is_current(SCOPE, epoch)
    table.activate(SCOPE, epoch)
    assert table.is_current(SCOPE, epoch)


def test_a_scope_that_is_being_released_takes_no_writes() -> None:
    table, epoch = owned()
    table.begin_release(SCOPE, epoch)
    assert not table.is_current(SCOPE, epoch)
    assert table.entry(SCOPE).binding == W1


def test_a_released_scope_leaves_no_row() -> None:
    table, epoch = owned()
    table.begin_release(SCOPE, epoch)
    table.finish_release(SCOPE, epoch)
    assert list(table.owned()) == []
    assert table.entry(SCOPE).epoch is None


def test_a_second_claim_is_refused_names_both_owners_and_changes_nothing() -> None:
    table, epoch = owned()
    with pytest.raises(InvalidOwnershipTransitionError) as caught:
        table.claim(SCOPE, W2)
    assert (caught.value.from_state, caught.value.to_state) == ("active", "claimed")
    assert caught.value.context["owner"] == "w1"
    assert caught.value.context["attempted_by"] == "w2"
    assert table.is_current(SCOPE, epoch)
    assert table.claim("session:t2", W2) > epoch


def test_a_revoked_epoch_is_void_for_ever() -> None:
    table, epoch = owned()
    assert table.revoke(SCOPE) == W1
    assert not table.is_current(SCOPE, epoch)
    later = table.claim(SCOPE, W2)
    table.activate(SCOPE, later)
    assert later > epoch
    assert not table.is_current(SCOPE, epoch)


@pytest.mark.parametrize("move", ["activate", "begin_release", "finish_release"])
def test_an_old_epoch_moves_nothing(move: str) -> None:
    table, old = owned()
    table.revoke(SCOPE)
    new = table.claim(SCOPE, W2)
    if move != "activate":
        table.activate(SCOPE, new)
    if move == "finish_release":
        table.begin_release(SCOPE, new)
    before = table.entry(SCOPE).state
    with pytest.raises(InvalidOwnershipTransitionError) as caught:
        getattr(table, move)(SCOPE, old)
    assert caught.value.context["owner"] == "w2"
    assert (table.entry(SCOPE).state, table.entry(SCOPE).epoch) == (before, new)


@pytest.mark.parametrize("move", ["activate", "begin_release", "finish_release"])
def test_a_scope_nobody_owns_cannot_be_moved(move: str) -> None:
    with pytest.raises(InvalidOwnershipTransitionError):
        getattr(OwnershipTable(), move)(SCOPE, Epoch(1, 1))


def test_what_nobody_owns_cannot_be_revoked() -> None:
    with pytest.raises(InvalidOwnershipTransitionError):
        OwnershipTable().revoke(SCOPE)


def test_epochs_of_a_later_incarnation_are_higher_than_all_before_it() -> None:
    first, second = OwnershipTable(1), OwnershipTable(2)
    old = [first.claim(f"session:t{number}", W1) for number in range(20)]
    assert second.claim(SCOPE, W1) > max(old)
    assert str(old[-1]) == "1.20"


class Table(RuleBasedStateMachine):
    """Any sequence of moves, legal or not, against a model of three lines: who owns, in which state, under what."""

    epochs = Bundle("epochs")
    scopes = st.sampled_from(["session:a", "session:b", "credential:c"])
    owners = st.sampled_from([W1, W2])

    def __init__(self) -> None:
        super().__init__()
        self.table = OwnershipTable()
        self.model: dict[str, tuple[OwnershipState, Epoch, Binding]] = {}
        self.highest = Epoch(0, 0)

    @rule(target=epochs, scope=scopes, binding=owners)
    def claim(self, scope: str, binding: Binding) -> tuple[str, Epoch]:
        if scope in self.model:
            with pytest.raises(InvalidOwnershipTransitionError):
                self.table.claim(scope, binding)
            return scope, self.model[scope][1]
        epoch = self.table.claim(scope, binding)
        assert epoch > self.highest
        self.highest = epoch
        self.model[scope] = (OwnershipState.CLAIMED, epoch, binding)
        return scope, epoch

    def _move(self, held: tuple[str, Epoch], move: str, needs: OwnershipState, then: OwnershipState) -> None:
        scope, epoch = held
        row = self.model.get(scope)
        if row is None or row[:2] != (needs, epoch):
            with pytest.raises(InvalidOwnershipTransitionError):
                getattr(self.table, move)(scope, epoch)
            return
        getattr(self.table, move)(scope, epoch)
        if then is OwnershipState.UNOWNED:
            del self.model[scope]
        else:
            self.model[scope] = (then, *row[1:])

    @rule(held=epochs)
    def activate(self, held: tuple[str, Epoch]) -> None:
        self._move(held, "activate", OwnershipState.CLAIMED, OwnershipState.ACTIVE)

    @rule(held=epochs)
    def begin_release(self, held: tuple[str, Epoch]) -> None:
        self._move(held, "begin_release", OwnershipState.ACTIVE, OwnershipState.RELEASING)

    @rule(held=consumes(epochs))
    def finish_release(self, held: tuple[str, Epoch]) -> None:
        self._move(held, "finish_release", OwnershipState.RELEASING, OwnershipState.UNOWNED)

    @rule(scope=scopes)
    def revoke(self, scope: str) -> None:
        row = self.model.pop(scope, None)
        if row is None:
            with pytest.raises(InvalidOwnershipTransitionError):
                self.table.revoke(scope)
        else:
            assert self.table.revoke(scope) == row[2]

    @rule(held=epochs)
    def only_the_active_epoch_may_write(self, held: tuple[str, Epoch]) -> None:
        scope, epoch = held
        may = scope in self.model and self.model[scope][:2] == (OwnershipState.ACTIVE, epoch)
        assert self.table.is_current(scope, epoch) is may

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        rows = {scope: (entry.state, entry.epoch, entry.binding) for scope, entry in self.table.owned()}
        assert rows == self.model


TestAnySequenceOfMoves = Table.TestCase

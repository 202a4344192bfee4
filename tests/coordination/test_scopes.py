from hypothesis import given
from hypothesis import strategies as st

from harness.coordination.scopes import (
    clipboard_scope,
    credential_scope,
    in_global_order,
    scope_kind,
    session_scope,
)


def test_two_references_to_one_account_are_one_scope() -> None:
    assert credential_scope(" Shop", "Alice ") == credential_scope("shop", "ALICE") == "credential:shop/alice"


def test_the_kind_of_a_scope_is_what_stands_before_the_colon() -> None:
    assert [scope_kind(scope) for scope in (session_scope("T:1"), clipboard_scope("b1"))] == ["session", "clipboard"]


def test_credentials_come_before_sessions_before_clipboards_before_what_strategies_declare() -> None:
    taken = in_global_order(["printer:b1", "clipboard:b1", "session:t2", "session:t1", "credential:shop/bob"])
    assert taken == ["credential:shop/bob", "session:t1", "session:t2", "clipboard:b1", "printer:b1"]


@given(st.permutations(["printer:b1", "audio:b1", "clipboard:b1", "session:t2", "session:t1", "credential:shop/bob"]))
def test_the_order_does_not_depend_on_how_the_scopes_are_named(scopes: list[str]) -> None:
    assert in_global_order(scopes) == in_global_order(sorted(scopes))


def test_a_scope_that_is_named_twice_is_taken_once() -> None:
    assert in_global_order(["session:t1", "session:t1"]) == ["session:t1"]

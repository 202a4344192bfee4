from harness.demo_site.accounts import Accounts, SessionTable


def test_the_right_password_is_accepted_and_any_other_counted_as_rejected() -> None:
    accounts = Accounts({"alice": "pässword"})
    assert accounts.check("alice", "pässword")
    assert not accounts.check("alice", "password")
    assert not accounts.check("nobody", "pässword")
    assert not accounts.check("", "")
    assert (accounts.logins, accounts.rejected_logins) == (1, 3)


def test_accounts_never_print_a_password() -> None:
    assert "hush" not in repr(Accounts({"alice": "hush"}))


def test_a_session_lives_from_open_to_close() -> None:
    table: SessionTable[str] = SessionTable()
    token = table.open("state")
    assert table.get(token) == "state"
    table.close(token)
    table.close(token)
    table.close(None)
    assert table.get(token) is None
    assert table.get(None) is None
    assert len(table) == 0


def test_above_the_limit_the_eldest_session_is_forgotten() -> None:
    table: SessionTable[int] = SessionTable(limit=2)
    first, second, third = (table.open(number) for number in range(3))
    assert [table.get(token) for token in (first, second, third)] == [None, 1, 2]

from harness.pool.death import cause_of_death


def test_an_error_is_told_by_its_type_and_text() -> None:
    assert cause_of_death(ValueError("no")) == "ValueError: no"


def test_a_group_is_told_by_what_it_holds() -> None:
    inner = ExceptionGroup("inner", [KeyError("k"), OSError("gone")])
    assert cause_of_death(BaseExceptionGroup("outer", [inner, SystemExit(3)])) == (
        "KeyError: 'k'; OSError: gone; SystemExit: 3"
    )

from enum import StrEnum

import pytest

from harness.basics.transitions import InvalidTransitionError, TransitionTable


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    OFF = "off"


TABLE = TransitionTable(
    "light", Light, {Light.RED: (Light.GREEN, Light.OFF), Light.GREEN: (Light.RED, Light.OFF), Light.OFF: ()}
)


def test_what_the_table_has_passes_and_what_it_has_not_raises() -> None:
    allowed = set(TABLE.rows())
    for from_state in Light:
        for to_state in Light:
            if (from_state, to_state) in allowed:
                TABLE.check("crossing", from_state, to_state)
            else:
                with pytest.raises(InvalidTransitionError):
                    TABLE.check("crossing", from_state, to_state)


def test_the_error_names_machine_subject_and_both_states() -> None:
    with pytest.raises(InvalidTransitionError, match="light crossing cannot go from off to red") as caught:
        TABLE.check("crossing", Light.OFF, Light.RED)
    assert (caught.value.from_state, caught.value.to_state) == ("off", "red")
    assert caught.value.context["subject"] == "crossing"


def test_the_rows_are_every_legal_move() -> None:
    assert sorted(TABLE.rows()) == [("green", "off"), ("green", "red"), ("red", "green"), ("red", "off")]


def test_a_state_without_a_row_is_refused_when_the_table_is_made() -> None:
    with pytest.raises(ValueError, match="light: states without a row"):
        TransitionTable("light", Light, {Light.RED: (Light.GREEN,), Light.GREEN: ()})

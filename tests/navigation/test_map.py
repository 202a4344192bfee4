"""The model: immutable, in order, and nothing in it runs by itself."""

from __future__ import annotations

import msgspec
import pytest

from harness.navigation.map import NavigationMap, Phase, Place, Step


def test_steps_come_with_their_phase_in_order() -> None:
    login, spin = Phase("Login", (Step("a", "click"), Step("b", "clip"))), Phase("Spin", (Step("c", "click"),))
    navigation = NavigationMap("t", (login, spin), "a.json", "harness-map")
    assert [(phase.name, step.id) for phase, step in navigation.steps()] == [
        ("Login", "a"),
        ("Login", "b"),
        ("Spin", "c"),
    ]


def test_a_step_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        Step("a", "click").id = "b"  # type: ignore[misc]


def test_defaults_are_not_shared_between_steps() -> None:
    first, second = Step("a", "click"), Step("b", "click")
    assert first.params == {}
    assert first.params is not second.params


@pytest.mark.parametrize(
    ("place", "given"),
    [
        (Place(), False),
        (Place(frame=(0,)), False),
        (Place(offset=(1.0, 1.0)), False),
        (Place((("#a",),)), True),
        (Place(relative=(0.5, 0.5)), True),
        (Place(point=(1.0, 1.0)), True),
    ],
)
def test_a_place_is_given_by_an_element_a_share_or_a_point(place: Place, given: bool) -> None:
    assert place.is_given is given


def test_a_map_survives_json() -> None:
    navigation = NavigationMap(
        "t", (Phase("A", (Step("a", "click", {"x": 1}, Place((("h", "i"),), (0,))),)),), "f", "own"
    )
    assert msgspec.json.decode(msgspec.json.encode(navigation), type=NavigationMap) == navigation

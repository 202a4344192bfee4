from itertools import combinations

import pytest

from harness.demo_site import cabinet_layout
from harness.demo_site.cabinet_layout import HEIGHT, SPOTS, WIDTH, Spot


@pytest.mark.parametrize("name", SPOTS)
def test_a_spot_lies_wholly_on_the_canvas(name: str) -> None:
    spot = SPOTS[name]
    assert spot.width / 2 <= spot.x <= WIDTH - spot.width / 2
    assert spot.height / 2 <= spot.y <= HEIGHT - spot.height / 2


def test_spots_of_one_screen_do_not_overlap() -> None:
    def apart(one: Spot, other: Spot) -> bool:
        return (
            abs(one.x - other.x) * 2 >= one.width + other.width or abs(one.y - other.y) * 2 >= one.height + other.height
        )

    for one, other in combinations(SPOTS.values(), 2):
        assert not set(one.screens) & set(other.screens) or apart(one, other)


def test_the_documented_centres_are_those_of_the_table() -> None:
    for name, spot in SPOTS.items():
        assert f"| {', '.join(spot.screens)} | `{name}` | {spot.rx:g} | {spot.ry:g} |" in (cabinet_layout.__doc__ or "")

from hypothesis import given
from hypothesis import strategies as st

from harness.basics.ids import new_failure_id, new_item_id, new_run_id, new_spin_id, ulid

CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
TIMES_MS = st.integers(0, 2**48 - 1)
ENTROPY = st.integers(0, 2**80 - 1)


def _decode(text: str) -> int:
    number = 0
    for character in text:
        number = number * 32 + CROCKFORD.index(character)
    return number


@given(TIMES_MS, ENTROPY)
def test_an_id_holds_its_time_and_its_randomness(time_ms: int, entropy: int) -> None:
    text = ulid(time_ms, entropy)
    assert len(text) == 26
    assert divmod(_decode(text), 2**80) == (time_ms, entropy)


@given(st.tuples(TIMES_MS, ENTROPY), st.tuples(TIMES_MS, ENTROPY))
def test_ids_sort_by_time(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (ulid(*one) < ulid(*other)) == (one < other)


def test_each_kind_has_its_prefix_and_no_two_are_the_same() -> None:
    for make, prefix in [(new_run_id, "run"), (new_spin_id, "spin"), (new_item_id, "item"), (new_failure_id, "fail")]:
        made = {make() for _ in range(1000)}
        assert len(made) == 1000
        assert all(name.startswith(f"{prefix}-") and len(name) == len(prefix) + 27 for name in made)

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.burnin.feed import MixFeed, PathShare, each_once


@given(st.lists(st.floats(0.05, 50), min_size=1, max_size=6), st.integers(0, 1000))
def test_shares_converge_to_the_weights_and_are_never_far_from_them(weights: list[float], seed: int) -> None:
    feed = MixFeed([PathShare(str(number), weight) for number, weight in enumerate(weights)], random.Random(seed))
    done: Counter[str] = Counter()
    total = sum(weights)
    for count in range(1, 400):
        done[feed().path] += 1
        for number, weight in enumerate(weights):
            # Stride scheduling: no path is further from its share than the number of paths.
            assert abs(done[str(number)] - count * weight / total) <= len(weights)


def test_the_same_seed_gives_the_same_mix() -> None:
    shares = [PathShare("a", 2.0), PathShare("b"), PathShare("c")]
    first, second = (MixFeed(shares, random.Random(7)) for _ in range(2))
    assert [first().path for _ in range(50)] == [second().path for _ in range(50)]


def test_credentials_are_used_in_turn_for_each_path_by_itself() -> None:
    shares = [PathShare("a", 1, ("x", "y", "z")), PathShare("b", 1, ("x",)), PathShare("c", 1)]
    feed = MixFeed(shares, random.Random(1))
    items = [feed() for _ in range(300)]
    used = {path: [item.credential for item in items if item.path == path] for path in "abc"}
    assert used["a"] == list(itertools.islice(itertools.cycle("xyz"), len(used["a"])))
    assert set(used["b"]) == {"x"}
    assert set(used["c"]) == {None}


def test_an_item_has_the_priority_and_attempts_of_its_path_and_no_key() -> None:
    item = MixFeed([PathShare("a", priority=3, attempts=5)], random.Random(1))()
    assert (item.priority, item.attempts, item.key, item.attempt) == (3, 5, "", 0)


def test_a_mix_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one path"):
        MixFeed([], random.Random(1))


def test_each_path_comes_once_with_each_of_its_credentials() -> None:
    items = each_once([PathShare("a", 9, ("x", "y"), priority=1), PathShare("b", attempts=4)])
    assert [(item.path, item.credential, item.priority, item.attempts) for item in items] == [
        ("a", "x", 1, 2),
        ("a", "y", 1, 2),
        ("b", None, 0, 4),
    ]
    assert len({item.key for item in items}) == len({item.id for item in items}) == 3


def test_the_attempts_of_all_paths_can_be_overridden() -> None:
    assert [item.attempts for item in each_once([PathShare("a", attempts=4), PathShare("b")], attempts=1)] == [1, 1]

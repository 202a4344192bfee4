from __future__ import annotations

import pytest

from harness.cdp.browser_facts import helpers_of, restarted, why_unusable


@pytest.mark.parametrize(
    ("product", "protocol", "why"),
    [
        ("HeadlessChrome/156.0.8078.79", "1.3", ""),
        ("Chrome/120.0.1.2", "1.3", ""),
        ("Chrome/119.9.9.9", "1.3", "119.9.9.9, and 120 is the oldest"),
        ("Chromium/90.0.0.0", "1.3", "120 is the oldest"),
        ("Somebody/1", "1.3", ""),  # not ours to judge
        ("Chrome/156.0.0.0", "2.0", "version 2.0 of the protocol"),
    ],
)
def test_a_browser_that_is_too_old_or_speaks_otherwise_is_told(product: str, protocol: str, why: str) -> None:
    said = why_unusable(product, protocol)
    assert bool(said) is bool(why)
    assert why in said


def _info(**processes: int) -> list[dict[str, object]]:
    return [{"type": kind.rstrip("_"), "id": pid, "cpuTime": 0.1} for kind, pid in processes.items()]


def test_helpers_that_died_and_came_again_are_counted_by_kind() -> None:
    before = helpers_of(_info(browser=1, renderer=2, GPU=3, utility=4, utility_=5))
    assert before == {3: "GPU", 4: "utility", 5: "utility"}
    after = helpers_of(_info(browser=1, renderer=9, GPU=13, utility=4, utility_=15))
    assert restarted(before, after) == {"GPU": 1, "utility": 1}


def test_helpers_that_only_come_or_only_go_are_no_restarts() -> None:
    assert restarted({3: "GPU"}, {}) == {}
    assert restarted({}, {3: "GPU"}) == {}
    assert restarted({3: "GPU"}, {4: "utility"}) == {}

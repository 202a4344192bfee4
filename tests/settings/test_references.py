"""What one table of a profile says of another must fit."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.settings.profile import load_profile
from harness.settings.references import OUR_FLAGS, nearest

SMALLEST = """
title = "smallest"
[site]
builtin = true
[[paths]]
name = "shop"
map = "shop.json"
"""


def refused(folder: Path, text: str) -> UsageError:
    file = folder / "mine.toml"
    file.write_text(SMALLEST + text)
    with pytest.raises(UsageError) as caught:
        load_profile(str(file))
    return caught.value


@pytest.mark.parametrize("flag", OUR_FLAGS)
@pytest.mark.parametrize("value", ["", "=x"])
def test_a_flag_that_would_take_the_browser_out_of_our_hands_is_refused(tmp_path: Path, flag: str, value: str) -> None:
    error = refused(tmp_path, f'[browser]\nflags = ["--lang=de", "{flag}{value}"]')
    assert error.context["key"] == "browser.flags"
    assert f"{flag}{value}" in error.why


def test_other_flags_are_the_users_choice(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SMALLEST + '[browser]\nflags = ["--lang=de", "--user-agent=x"]')
    assert load_profile(str(file)).profile.browser.flags == ("--lang=de", "--user-agent=x")


def test_limits_of_a_path_that_is_not_there_are_refused_with_the_nearest_name(tmp_path: Path) -> None:
    error = refused(tmp_path, "[criteria.p95_ms.shopp]\ntotal = 5")
    assert error.context["key"] == "criteria.p95_ms.shopp"
    assert error.why == "there is no path 'shopp'; did you mean 'shop'?"


def test_where_no_name_is_near_all_are_told() -> None:
    assert nearest("x", ["shop", "cabinet"]) == "; known are shop, cabinet"
    assert nearest("x", []) == "; known are none"


ENDPOINTS = '[browser]\nendpoints = ["http://127.0.0.1:9222", "http://127.0.0.1:9223"]\n'


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        (ENDPOINTS.replace("9223", "9222"), "browser.endpoints", "one address is named twice"),
        (ENDPOINTS + 'transport = "pipe"\n', "browser.endpoints", "neither our flags nor our pipe"),
        (ENDPOINTS + 'flags = ["--lang=de"]\n', "browser.endpoints", "neither our flags nor our pipe"),
        (ENDPOINTS + "[run]\nbrowsers = 3\n", "run.browsers", "there are 2 endpoints"),
        (ENDPOINTS + "[run]\nworkers = 1\n", "browser.endpoints", "2 browsers, 1 workers"),
        (ENDPOINTS + "[recycle]\nafter_s = 5\n", "recycle.after_s", "not ours to renew"),
        (ENDPOINTS + '[[faults]]\nat_s = 1\nkind = "kill"\n', "faults[0].kind", "not ours to kill"),
        (ENDPOINTS + '[[faults]]\nat_s = 1\nkind = "cut"\nbrowser = 3\n', "faults[0]", "no such browser"),
    ],
)
def test_what_cannot_be_done_to_a_browser_that_runs_elsewhere_is_refused(
    tmp_path: Path, text: str, key: str, why: str
) -> None:
    error = refused(tmp_path, text)
    assert error.context["key"] == key
    assert why in error.why


def test_browsers_that_run_elsewhere_may_be_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SMALLEST + ENDPOINTS + '[[faults]]\nat_s = 1\nkind = "cut"\nbrowser = 2\n')
    assert len(load_profile(str(file)).profile.browser.endpoints) == 2

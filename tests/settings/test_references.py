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

from __future__ import annotations

from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.settings.profile import load_profile
from harness.settings.reconnect_profile import chosen_reconnect, shipped_reconnects

SMALLEST = """
title = "smallest"
{reconnect}
[site]
builtin = true
[[paths]]
name = "shop"
map = "shop.json"
{table}
"""


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    return tmp_path / "mine.toml"


def test_the_default_ships_as_a_file_that_says_what_the_code_says() -> None:
    shipped = shipped_reconnects()
    assert next(iter(shipped)) == "per-host"
    assert shipped["per-host"] == ReconnectPolicy()
    assert {"cohort-slots", "full-jitter", "equal-jitter", "decorrelated-jitter", "no-jitter"} <= shipped.keys()


def test_a_profile_that_says_nothing_has_the_default(profile: Path) -> None:
    profile.write_text(SMALLEST.format(reconnect="", table=""))
    assert load_profile(str(profile)).reconnect == ("per-host", ReconnectPolicy())


def test_a_profile_names_one_that_ships(profile: Path) -> None:
    profile.write_text(SMALLEST.format(reconnect='reconnect = "cohort-slots"', table=""))
    name, policy = load_profile(str(profile)).reconnect
    assert (name, policy.scheme) == ("cohort-slots", "cohort-slots")


def test_one_beside_the_profile_goes_before_one_that_ships(profile: Path) -> None:
    (profile.parent / "reconnect").mkdir()
    (profile.parent / "reconnect" / "per-host.toml").write_text("attempts = 3\n")
    assert chosen_reconnect("per-host", profile).policy.attempts == 3


def test_a_path_is_relative_to_the_profile(profile: Path) -> None:
    (profile.parent / "calm.toml").write_text("release_per_s = 5\n")
    assert chosen_reconnect("calm.toml", profile) == ("calm", ReconnectPolicy(release_per_s=5))


def test_a_table_in_the_profile_is_one_of_its_own(profile: Path) -> None:
    profile.write_text(SMALLEST.format(reconnect="", table='[reconnect]\nscheme = "alone"\njitter = "equal"'))
    assert load_profile(str(profile)).reconnect == ("inline", ReconnectPolicy(scheme="alone", jitter="equal"))


def test_an_unknown_name_is_told_with_the_nearest_known_one(profile: Path) -> None:
    profile.write_text(SMALLEST.format(reconnect='reconnect = "per-hosts"', table=""))
    with pytest.raises(UsageError, match="key reconnect") as caught:
        load_profile(str(profile))
    assert "did you mean per-host?" in caught.value.why


def test_an_unknown_key_of_a_file_is_told_with_the_file_and_the_nearest_key(profile: Path) -> None:
    (profile.parent / "mine-too.toml").write_text("jiter = 'full'\n")
    with pytest.raises(UsageError, match=r"reconnect profile .*mine-too\.toml, key jiter") as caught:
        chosen_reconnect("mine-too.toml", profile)
    assert caught.value.why == "there is no such key; did you mean 'jitter'?"


@pytest.mark.parametrize(
    ("line", "why"),
    [("scheme = 'per-hots'", "did you mean 'per-host'?"), ("probe_every_s = 0.1", ">= 0.8"), ("hosts = 0", ">= 1")],
)
def test_a_value_that_cannot_be_used_is_told_with_what_can(profile: Path, line: str, why: str) -> None:
    (profile.parent / "bad.toml").write_text(line)
    with pytest.raises(UsageError) as caught:
        chosen_reconnect("bad.toml", profile)
    assert why in caught.value.why

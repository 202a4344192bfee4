from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.basics.errors import UsageError
from harness.navigation.drift import MapError
from harness.pool.modes import Mode
from harness.settings import preparation as app
from harness.settings.environment import Environment, read_environment
from harness.settings.profile import LoadedProfile, load_profile

MAP = {
    "format": "harness-map",
    "version": 1,
    "title": "One page",
    "phases": [
        {
            "name": "Login",
            "steps": [
                {"id": "open", "action": "navigate", "url": "/"},
                {"id": "enter", "action": "type", "text": {"credential": "secret"}},
            ],
        }
    ],
}

PROFILE = """
title = "Test"
[site]
builtin = true
accounts = ["alice", "bob"]
[[credentials]]
name = "alice"
site = "shop"
account = "alice"
secret = "site:alice"
[[credentials]]
name = "bob"
site = "shop"
account = "bob"
secret = "env:BOBS_SECRET"
[[paths]]
name = "one"
map = "one.json"
credentials = ["alice", "bob"]
[[paths]]
name = "two"
map = "one.json"
credentials = ["alice"]
priority = 5
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    browser = tmp_path / "some-headless-shell"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o700)
    return read_environment({"HARNESS_STORAGE_ROOT": str(tmp_path / "runs"), "HARNESS_BROWSER": str(browser)})


def profile(tmp_path: Path, text: str = PROFILE) -> LoadedProfile:
    (tmp_path / "one.json").write_text(json.dumps(MAP))
    file = tmp_path / "test.toml"
    file.write_text(text)
    return load_profile(str(file))


@pytest.fixture(autouse=True)
def _bobs_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOBS_SECRET", "a secret of bob")


def test_a_prepared_run_holds_the_maps_the_credentials_and_the_browser(
    tmp_path: Path, environment: Environment
) -> None:
    prepared = app.prepare(profile(tmp_path), app.RunOptions(Mode.BURN_IN), environment)
    assert set(prepared.maps) == {"one", "two"}
    assert prepared.credentials["bob"].secret.reveal() == "a secret of bob"
    assert prepared.credentials["alice"].secret.reveal() == prepared.accounts["alice"].reveal()
    assert "a secret of bob" not in repr(prepared)
    assert prepared.accounts["alice"].reveal() not in repr(prepared)
    assert prepared.binary.kind == "headless-shell"


def test_the_built_in_sites_passwords_are_new_for_every_run(tmp_path: Path, environment: Environment) -> None:
    first, second = (
        app.prepare(profile(tmp_path), app.RunOptions(Mode.BURN_IN), environment).accounts["alice"].reveal()
        for _ in range(2)
    )
    assert first != second
    assert len(first) >= 20


def test_a_strategy_that_was_left_out_is_missed_by_file_step_and_action(
    tmp_path: Path, environment: Environment
) -> None:
    options = app.RunOptions(Mode.BURN_IN, exclude_strategies=("type",))
    with pytest.raises(MapError, match=r"one\.json: step enter \(action type\)"):
        app.prepare(profile(tmp_path), options, environment)


def test_a_path_that_enters_a_credential_and_has_none_is_refused(tmp_path: Path, environment: Environment) -> None:
    text = PROFILE.replace('credentials = ["alice"]\npriority', "priority")
    with pytest.raises(UsageError, match="path two: step enter enters a credential"):
        app.prepare(profile(tmp_path, text), app.RunOptions(Mode.BURN_IN), environment)


def test_a_secret_too_short_to_be_redacted_is_refused(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOBS_SECRET", "abc")
    with pytest.raises(UsageError, match="the secret of credential 'bob' is too short"):
        app.prepare(profile(tmp_path), app.RunOptions(Mode.BURN_IN), environment)


def test_an_unused_credential_needs_no_secret(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOBS_SECRET")
    prepared = app.prepare(profile(tmp_path), app.RunOptions(Mode.BURN_IN, paths=("two",)), environment)
    assert set(prepared.credentials) == {"alice"}


def test_an_unknown_path_is_told_with_those_there_are(tmp_path: Path, environment: Environment) -> None:
    with pytest.raises(UsageError, match="no path 'three'") as refused:
        app.prepare(profile(tmp_path), app.RunOptions(Mode.BURN_IN, paths=("three",)), environment)
    assert "one, two" in refused.value.why


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (app.RunOptions(Mode.SEQUENTIAL), ["one/alice", "one/bob", "two/alice"]),
        (app.RunOptions(Mode.SEQUENTIAL, items=5), ["one/alice", "one/bob", "two/alice", "one/alice", "one/bob"]),
        (app.RunOptions(Mode.FIRST_SPIN), ["one/alice"]),
    ],
    ids=["each once", "a number of items", "first spin"],
)
def test_the_modes_that_count_make_their_items(
    tmp_path: Path, environment: Environment, options: app.RunOptions, expected: list[str]
) -> None:
    items = app.counted_items(app.prepare(profile(tmp_path), options, environment))
    assert [f"{item.path}/{item.credential}" for item in items] == expected
    assert len({item.id for item in items}) == len({item.key for item in items}) == len(items)
    if options.mode is Mode.FIRST_SPIN:
        assert items[0].attempts == 1


SLO = "[criteria.p95_ms.one]\nphases = { Logn = 5 }\n"


def test_limits_of_a_phase_that_the_map_has_not_are_refused_with_the_nearest_name(
    tmp_path: Path, environment: Environment
) -> None:
    loaded = profile(tmp_path, PROFILE + SLO)
    with pytest.raises(UsageError, match=r"criteria\.p95_ms\.one\.phases") as refused:
        app.prepare(loaded, app.RunOptions(Mode.BURN_IN), environment)
    assert refused.value.why == "the path's map has no phase 'Logn'; did you mean 'Login'?"
    app.prepare(profile(tmp_path, PROFILE + SLO.replace("Logn", "Login")), app.RunOptions(Mode.BURN_IN), environment)


OWN = PROFILE.replace('builtin = true\naccounts = ["alice", "bob"]', 'origin = "https://example.org"')


@pytest.mark.parametrize(
    ("text", "options", "what"),
    [
        (OWN, app.RunOptions(Mode.BURN_IN, misbehave=("error500:/x",)), "--misbehave cannot be used"),
        (PROFILE, app.RunOptions(Mode.FIRST_SPIN, items=2), "--items 2 cannot be used with the mode first-spin"),
        (PROFILE, app.RunOptions(Mode.FIRST_SPIN, workers=2), "--workers 2 cannot be used with the mode first-spin"),
        (PROFILE, app.RunOptions(Mode.SEQUENTIAL, workers=2), "--workers 2 cannot be used with the mode sequential"),
    ],
)
def test_what_would_be_passed_over_in_silence_is_refused(
    tmp_path: Path, environment: Environment, text: str, options: app.RunOptions, what: str
) -> None:
    with pytest.raises(UsageError, match=what):
        app.prepare(profile(tmp_path, text), options, environment)


def test_a_number_that_says_what_the_mode_does_anyway_is_fine(tmp_path: Path, environment: Environment) -> None:
    options = app.RunOptions(Mode.FIRST_SPIN, workers=1, items=1)
    assert app.prepare(profile(tmp_path), options, environment).warnings == ()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (app.RunOptions(Mode.BURN_IN, duration_s=20.0), 2),
        (app.RunOptions(Mode.BURN_IN), 1),
        (app.RunOptions(Mode.BURN_IN, duration_s=100.0), 0),
        (app.RunOptions(Mode.SEQUENTIAL), 0),
    ],
)
def test_a_fault_planned_after_the_end_of_the_work_is_warned_of(
    tmp_path: Path, environment: Environment, options: app.RunOptions, told: int
) -> None:
    faults = '[[faults]]\nat_s = 30\nkind = "cut"\n[[faults]]\nat_s = 60\nkind = "kill"\n'
    warnings = app.prepare(profile(tmp_path, PROFILE + faults), options, environment).warnings
    assert len(warnings) == told
    if told == 2:
        assert warnings[0] == "faults[0] (cut at 30 s) will not be made: the run works for 20 s"

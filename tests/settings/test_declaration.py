"""What a run writes before its first event: no secret is in it, wherever the profile or a recording hid one."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.basics.errors import UsageError
from harness.pool.modes import Mode
from harness.runfolder.manifest import CopyRecord
from harness.settings.declaration import Declaration, declare
from harness.settings.environment import read_environment
from harness.settings.preparation import RunOptions, prepare
from harness.settings.profile import load_profile

PASSWORD = 'hunter/2 "&é'
RECORDED = "what was typed"
PROFILE = """
title = "Test"
[run]
workers = 3
[site]
builtin = true
misbehave = ["slow:/a:1"]
[[credentials]]
name = "bob"
site = "shop"
account = "bob"
secret = "env:BOBS_SECRET"
[[credentials]]
name = "carol"
site = "shop"
account = "carol"
secret = "env:CAROLS_SECRET"
[[paths]]
name = "one"
map = "one.json"
credentials = ["bob"]
bind = { "what was typed" = "secret", "bob" = "account" }
[[paths]]
name = "two"
map = "two.json"
"""


def recording(title: str = "One page", url: str = "/") -> dict[str, Any]:
    steps = [
        {"id": "open", "action": "navigate", "url": url},
        {"id": "name", "action": "type", "text": "bob"},
        {"id": "enter", "action": "type", "text": RECORDED},
    ]
    return {"format": "harness-map", "version": 1, "title": title, "phases": [{"name": "Login", "steps": steps}]}


PLAIN = {"format": "harness-map", "version": 1, "title": "Plain", "phases": [{"name": "Go", "steps": [
    {"id": "open", "action": "navigate", "url": "/"}]}]}  # fmt: skip


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOBS_SECRET", PASSWORD)
    monkeypatch.delenv("CAROLS_SECRET", raising=False)


def declared(tmp_path: Path, profile: str = PROFILE, one: Any = None, options: RunOptions | None = None) -> Declaration:
    browser = tmp_path / "some-headless-shell"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o700)
    (tmp_path / "one.json").write_text(json.dumps(one or recording()))
    (tmp_path / "two.json").write_text(json.dumps(PLAIN))
    (tmp_path / "test.toml").write_text(profile)
    environment = read_environment({"HARNESS_BROWSER": str(browser)})
    prepared = prepare(load_profile(str(tmp_path / "test.toml")), options or RunOptions(Mode.BURN_IN), environment)
    return declare(prepared, "run-1")


def record(made: Declaration, file: str) -> CopyRecord:
    return next(copy for copy in made.manifest.copies if copy.file == file)


def content(made: Declaration, file: str) -> str:
    return next(copy.content.decode() for copy in made.copies if copy.file == file)


def everything(made: Declaration) -> str:
    return "\n".join([msgspec.json.encode(made.manifest).decode(), *(copy.content.decode() for copy in made.copies)])


def test_an_input_without_a_secret_is_copied_as_it_is_with_a_digest_that_anybody_can_make(tmp_path: Path) -> None:
    made = declared(tmp_path)
    found = record(made, "maps/two.json")
    assert not found.redacted
    assert found.original == "sha256:" + hashlib.sha256((tmp_path / "two.json").read_bytes()).hexdigest()
    assert found.sha256 == hashlib.sha256(content(made, "maps/two.json").encode()).hexdigest()


def test_what_was_recorded_in_place_of_a_secret_is_in_no_copy_and_not_in_the_manifest(tmp_path: Path) -> None:
    made = declared(tmp_path)
    assert RECORDED not in everything(made)
    assert tomllib.loads(content(made, "profile.toml"))["paths"][0]["bind"] == {
        "[redacted one, binding 1]": "secret",
        "bob": "account",
    }
    assert record(made, "profile.toml").redacted
    assert made.manifest.settings["paths"][0]["bind"]["bob"] == "account"


@pytest.mark.parametrize(
    ("profile", "one"),
    [
        (PROFILE.replace('"what was typed"', json.dumps(PASSWORD)), {"steps": 2}),
        (PROFILE.replace('"Test"', json.dumps(f"I log in with {PASSWORD}")), None),
        (PROFILE + f"# my password is {PASSWORD}\n", None),
        (PROFILE.replace("[run]", f"[browser]\nflags = [{json.dumps('--x=' + PASSWORD)}]\n[run]"), None),
        (PROFILE, recording(title=f"Log in with {PASSWORD}")),
        (PROFILE, recording(url="/?q=hunter%2F2+%22%26%C3%A9")),
    ],
    ids=["bind key", "profile's title", "comment", "browser flag", "recording's title", "address"],
)
def test_a_real_secret_is_cut_out_of_every_copy(tmp_path: Path, profile: str, one: Any) -> None:
    if one == {"steps": 2}:
        one = recording()
        one["phases"][0]["steps"][2]["text"] = PASSWORD
    made = declared(tmp_path, profile, one)
    assert "hunter" not in everything(made)
    assert not made.redactor.holds_secret(everything(made))
    changed = [copy for copy in made.manifest.copies if copy.redacted]
    assert changed
    assert all(copy.original.startswith("scrypt:") for copy in changed)


def test_the_digest_of_an_original_with_a_secret_can_be_made_again_by_who_has_it_and_is_slow(tmp_path: Path) -> None:
    made = declared(tmp_path)
    original = (tmp_path / "test.toml").read_bytes()
    digest = hashlib.scrypt(original, salt=b"run-1", n=2**14, r=8, p=1, dklen=32).hex()
    assert record(made, "profile.toml").original == f"scrypt:{digest}"


def test_the_secret_of_a_credential_that_is_not_used_is_cut_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAROLS_SECRET", "carols own")
    made = declared(tmp_path, PROFILE.replace('"Test"', '"carols own test"'))
    assert "carols own" not in everything(made)


def refused(tmp_path: Path, *arguments: Any, **more: Any) -> str:
    with pytest.raises(UsageError) as told:
        declared(tmp_path, *arguments, **more)
    assert told.value.exit_code == 2
    lines = told.value.lines()
    assert all(lines)
    return "\n".join(lines)


def test_a_secret_for_a_reference_is_refused_unseen_even_where_it_is_not_used(tmp_path: Path) -> None:
    told = refused(tmp_path, PROFILE.replace("env:CAROLS_SECRET", "carols0wn"))
    assert "credential 'carol'" in told
    assert "carols0wn" not in told


def test_a_secret_for_what_a_text_is_bound_to_is_refused_unseen(tmp_path: Path) -> None:
    told = refused(
        tmp_path, PROFILE.replace('"what was typed" = "secret"', f'"what was typed" = {json.dumps(PASSWORD)}')
    )
    assert "paths[0].bind" in told
    assert "hunter" not in told


@pytest.mark.parametrize("key", ["origin", "recorded_origin", "allowed_origins"])
def test_an_origin_with_user_and_password_is_refused_unseen(tmp_path: Path, key: str) -> None:
    address = '"https://me:hunter2@example.org"'
    profile = {
        "origin": PROFILE.replace('builtin = true\nmisbehave = ["slow:/a:1"]', f"origin = {address}"),
        "recorded_origin": PROFILE.replace('map = "one.json"', f'map = "one.json"\nrecorded_origin = {address}'),
        "allowed_origins": PROFILE.replace("builtin = true", f"builtin = true\nallowed_origins = [{address}]"),
    }[key]
    told = refused(tmp_path, profile)
    assert key in told
    assert "hunter2" not in told


def test_a_recorded_text_too_short_to_be_cut_out_is_refused_unseen(tmp_path: Path) -> None:
    one = recording()
    one["phases"][0]["steps"][2]["text"] = "pÿw"
    told = refused(tmp_path, PROFILE.replace('"what was typed"', '"pÿw"'), one)
    assert "path one: binding number 1 is too short" in told
    assert "pÿw" not in told


def test_a_path_or_phase_that_is_named_like_a_secret_is_refused_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOBS_SECRET", "Login")
    told = refused(tmp_path)
    assert "Login" not in told
    assert "path or phase" in told


def test_a_secret_that_goes_on_in_the_next_line_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOBS_SECRET", "correcthorse")
    told = refused(tmp_path, PROFILE.replace('"Test"', '"""correct\\\n   horse"""'))
    assert "cannot be cut out" in told
    assert "horse" not in told


def test_the_manifest_holds_what_the_command_line_said_and_the_settings_that_came_of_it(tmp_path: Path) -> None:
    options = RunOptions(Mode.BURN_IN, 2, 7.5, ("two",), ("error500:/b",), ("hover",))
    manifest = declared(tmp_path, options=options).manifest
    assert manifest.options == {
        "mode": "burn-in",
        "workers": 2,
        "duration_s": 7.5,
        "paths": ["two"],
        "misbehave": ["error500:/b"],
        "exclude_strategies": ["hover"],
    }
    assert (manifest.settings["run"]["workers"], manifest.settings["run"]["duration_s"]) == (2, 7.5)
    assert [path["name"] for path in manifest.settings["paths"]] == ["two"]
    assert manifest.settings["site"]["misbehave"] == ["slow:/a:1", "error500:/b"]
    assert manifest.settings["strategies"]["exclude"] == ["hover"]
    assert (manifest.plan.workers, manifest.plan.duration_s, manifest.plan.paths) == (2, 7.5, ["two"])
    assert manifest.criteria["min_spins"] == 20


def test_what_was_not_given_is_not_among_the_options_and_counted_items_ask_for_no_more_samples(tmp_path: Path) -> None:
    manifest = declared(tmp_path, options=RunOptions(Mode.SEQUENTIAL)).manifest
    assert manifest.options == {"mode": "sequential"}
    assert (manifest.plan.workers, manifest.plan.items, manifest.plan.duration_s) == (1, 2, None)
    assert (manifest.criteria["min_spins"], manifest.criteria["min_spins_per_path"]) == (2, 1)

"""Assembling: what a run needs from the machine is refused by name. The runs themselves are in tests/e2e."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import app
from harness.basics.errors import EnvironmentLacksError, UsageError
from harness.pool.modes import Mode
from harness.settings.declaration import thresholds_for
from harness.settings.environment import Environment, read_environment
from harness.settings.preparation import Prepared, RunOptions, counted_items, prepare
from harness.settings.profile import load_profile

PROFILE = """
title = "Test"
[site]
builtin = true
[[paths]]
name = "one"
map = "one.json"
"""
MAP = '{"title": "One page", "steps": [{"type": "navigate", "url": "http://127.0.0.1:1/"}]}'


LIMITS = """
[[paths]]
name = "two"
map = "one.json"
[criteria]
min_spins = 40
[criteria.p95_ms.one]
total = 1000
[criteria.p95_ms.two]
total = 2000
"""


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A machine with a browser that nothing starts."""
    browser = tmp_path / "some-headless-shell"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o700)
    return read_environment({"HARNESS_BROWSER": str(browser), "HARNESS_STORAGE_ROOT": str(tmp_path / "runs")})


def prepared_for(tmp_path: Path, environment: Environment, options: RunOptions, text: str = PROFILE) -> Prepared:
    (tmp_path / "one.json").write_text(MAP)
    (tmp_path / "test.toml").write_text(text)
    return prepare(load_profile(str(tmp_path / "test.toml")), options, environment)


@pytest.mark.parametrize(
    ("options", "judged"),
    [
        (RunOptions(Mode.BURN_IN), {"one", "two"}),
        (RunOptions(Mode.BURN_IN, paths=("two",)), {"two"}),
        (RunOptions(Mode.SEQUENTIAL), {"one", "two"}),
        (RunOptions(Mode.FIRST_SPIN), {"one"}),
        (RunOptions(Mode.FIRST_SPIN, paths=("two",)), {"two"}),
    ],
)
def test_limits_of_paths_that_the_run_does_not_take_are_not_among_its_criteria(
    tmp_path: Path, environment: Environment, options: RunOptions, judged: set[str]
) -> None:
    prepared = prepared_for(tmp_path, environment, options, PROFILE + LIMITS)
    items = None if options.mode is Mode.BURN_IN else counted_items(prepared)
    assert set(thresholds_for(prepared, items)["p95_ms"]) == judged


def test_a_run_of_counted_items_asks_for_no_more_samples_than_it_has(tmp_path: Path, environment: Environment) -> None:
    prepared = prepared_for(tmp_path, environment, RunOptions(Mode.SEQUENTIAL), PROFILE + LIMITS)
    counted = thresholds_for(prepared, counted_items(prepared))
    assert (counted["min_spins"], counted["min_spins_per_path"]) == (2, 1)
    assert thresholds_for(prepared, None)["min_spins"] == 40


def test_a_storage_root_that_cannot_be_written_is_the_environments_fault(
    tmp_path: Path, environment: Environment
) -> None:
    (tmp_path / "file").write_text("no folder")
    prepared = prepared_for(
        tmp_path,
        environment._replace(storage_root=tmp_path / "file" / "runs"),
        RunOptions(Mode.FIRST_SPIN),
    )
    with pytest.raises(EnvironmentLacksError, match="no run folder can be made") as refused:
        app.run(prepared, lambda _: None)
    assert refused.value.exit_code == 4


@pytest.mark.parametrize("where", ["command line", "profile"])
def test_a_misbehaviour_of_a_page_that_the_site_has_not_is_refused_before_a_folder_is_made(
    tmp_path: Path, environment: Environment, where: str
) -> None:
    rule = "error500:/shop/card"
    text = PROFILE.replace("builtin = true", f'builtin = true\nmisbehave = ["{rule}"]')
    options = RunOptions(Mode.FIRST_SPIN, misbehave=(rule,) if where == "command line" else ())
    prepared = prepared_for(tmp_path, environment, options, PROFILE if where == "command line" else text)
    with pytest.raises(UsageError, match="misbehav") as refused:
        app.run(prepared, lambda _: None)
    assert "did you mean /shop/cart?" in refused.value.why
    assert not environment.storage_root.exists()

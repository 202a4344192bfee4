"""Assembling: what a run needs from the machine is refused by name. The runs themselves are in tests/e2e."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import app
from harness.basics.errors import EnvironmentLacksError
from harness.pool.modes import Mode
from harness.settings.environment import read_environment
from harness.settings.preparation import RunOptions, prepare
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


def test_a_storage_root_that_cannot_be_written_is_the_environments_fault(tmp_path: Path) -> None:
    browser = tmp_path / "some-headless-shell"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o700)
    (tmp_path / "one.json").write_text(MAP)
    (tmp_path / "test.toml").write_text(PROFILE)
    (tmp_path / "file").write_text("no folder")
    environment = read_environment({"HARNESS_BROWSER": str(browser)})._replace(storage_root=tmp_path / "file" / "runs")
    prepared = prepare(load_profile(str(tmp_path / "test.toml")), RunOptions(Mode.FIRST_SPIN), environment)
    with pytest.raises(EnvironmentLacksError, match="no run folder can be made") as refused:
        app.run(prepared, lambda _: None)
    assert refused.value.exit_code == 4

"""The fixture of tests/conftest.py, shown on tests that do leave something behind."""

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"

LEAVING = """
import asyncio, subprocess, sys, tempfile
import pytest

@pytest.fixture
async def server():
    task = asyncio.create_task(asyncio.Event().wait())
    yield
    task.cancel()

async def test_task():
    global kept
    kept = asyncio.create_task(asyncio.Event().wait(), name="forgotten")

def test_process():
    global process
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

def test_profile():
    tempfile.mkdtemp(prefix="harness-profile-")

async def test_clean(server):
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await process.wait()
    await asyncio.create_task(asyncio.sleep(0))
"""


def test_a_task_a_process_and_a_profile_that_stay_are_each_told(tmp_path: Path) -> None:
    conftest = CONFTEST.read_text()
    assert "GOING_S = 10.0" in conftest
    (tmp_path / "conftest.py").write_text(conftest.replace("GOING_S = 10.0", "GOING_S = 0.1"))
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rE", str(tmp_path)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in ended.stdout.splitlines() if line.startswith("ERROR ")]
    assert [line.split("::")[1].split(" ")[0] for line in told] == ["test_task", "test_process", "test_profile"], (
        ended.stdout
    )
    for name in ("forgotten", "input()", "harness-profile-"):
        assert name in ended.stdout
    assert "4 passed, 3 errors" in ended.stdout

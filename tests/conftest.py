"""What holds for every test: it leaves no task, no child process and no browser profile behind."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
GOING_S = 10.0  # how long a process that was told to end may still be seen; waited only when there is one

# No test depends on the speed of the machine; in CI a random test tries the same examples each time.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None, print_blob=True)
# A shell starts what runs in its background with these ignored, and children inherit that; what is tested must not.
for _signal, _usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGQUIT, signal.SIG_DFL)):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, _usual)
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
settings.load_profile("ci" if IN_CI else "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in tests/browser and tests/e2e carry the marker of their folder: `scripts/test -m "not browser"`."""
    for item in items:
        if item.path.is_relative_to(TESTS):
            folder = item.path.relative_to(TESTS).parts[0]
            if folder in {"browser", "e2e"}:
                item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folder() -> Iterator[None]:
    """A temporary folder of this test process: what another run on the machine makes there is not ours to judge."""
    shared, named = tempfile.gettempdir(), os.environ.get("TMPDIR")
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", shared)  # pytest keeps its own folders of failed tests
    with tempfile.TemporaryDirectory(prefix="harness-tests-", ignore_cleanup_errors=True) as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        yield
        tempfile.tempdir = shared
        os.environ["TMPDIR"] = named or shared


@pytest.fixture(scope="session")
def browser_path() -> Path:
    """The browser that the harness itself would run headless. Without one the test is skipped, but fails in CI."""
    from harness.cdp.errors import BrowserMissingError
    from harness.cdp.finding import find_browser

    try:
        return find_browser(os.environ.get("HARNESS_BROWSER")).path
    except BrowserMissingError as error:
        if IN_CI:
            pytest.fail(f"CI needs a browser: {error}", pytrace=False)
        pytest.skip(f"needs a browser: {error}")


@pytest.fixture(autouse=True)
def leaves_nothing_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test that leaves something behind. As the first fixture it looks when all others are done."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_leaves_no_task")
    processes, profiles = _children(), _profiles()
    yield
    left = [f"process {name}" for name in _still_running(_children() - processes)]
    left += [f"profile folder {path}" for path in sorted(_profiles() - profiles)]
    if left:
        pytest.fail("the test left behind: " + "; ".join(left), pytrace=False)


@pytest.fixture
async def _leaves_no_task() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(3):  # a cancelled task needs the loop to come round to end
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        names = ", ".join(sorted(f"{task.get_name()} ({_function(task)})" for task in left if task is not None))
        pytest.fail(f"the test left tasks behind: {names}", pytrace=False)


def _function(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", "?")


def _children() -> set[psutil.Process]:
    """Every descendant that is neither ended nor Python's own book-keeper of shared memory."""
    return {child for child in psutil.Process().children(recursive=True) if _counts(child)}


def _counts(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "multiprocessing.resource_tracker" not in " ".join(
            process.cmdline()
        )
    except psutil.NoSuchProcess:
        return False


def _still_running(processes: set[psutil.Process]) -> list[str]:
    """The command lines of those that do not end by themselves; they are ended, so that the next test starts clean."""
    deadline = time.monotonic() + GOING_S
    while processes and time.monotonic() < deadline:
        processes = {process for process in processes if process.is_running() and _counts(process)}
        time.sleep(0.02 if processes else 0)
    names = []
    for process in processes:
        try:
            names.append(f"{process.pid} {' '.join(process.cmdline())[:120]}")
            process.kill()
        except psutil.NoSuchProcess:
            continue
    return names


def _profiles() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("harness-profile-*"))

"""Launching one Chromium under its guardian, on a random loopback port, with a temporary profile of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import psutil

from harness.cdp.errors import BrowserFailedError
from harness.cdp.finding import BrowserBinary
from harness.cdp.profile_folder import make_profile_folder

_LISTENING = re.compile(rb"DevTools listening on (ws://\S+)")

FLAGS = (
    "--disable-background-networking",
    "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-hang-monitor",
    "--disable-ipc-flooding-protection",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-quic",
    "--disable-renderer-backgrounding",
    "--disable-sync",
    "--disable-features=Translate,MediaRouter,OptimizationHints,DialMediaRouteProvider",
    "--force-color-profile=srgb",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
    "--remote-debugging-port=0",
    "--use-mock-keychain",
)
"""What every browser of ours is started with; `--remote-allow-origins` is never among it."""


class LaunchOptions(NamedTuple):
    """How to start a browser. no_sandbox is honoured for uid 0 only, where Chromium cannot start otherwise."""

    binary: BrowserBinary
    headless: bool = True
    no_sandbox: bool = False
    extra_flags: tuple[str, ...] = ()
    start_timeout_s: float = 20.0


def command_line(options: LaunchOptions, profile: Path) -> list[str]:
    """The browser's command line."""
    flags = [*FLAGS, f"--user-data-dir={profile}", *options.extra_flags]
    if options.headless:
        flags.append("--headless")
    if options.no_sandbox and os.getuid() == 0:
        flags.append("--no-sandbox")
    if not _shared_memory_is_large():
        flags.append("--disable-dev-shm-usage")
    return [str(options.binary.path), *flags, "about:blank"]


def _shared_memory_is_large(needed_bytes: int = 512 * 2**20) -> bool:
    try:
        status = os.statvfs("/dev/shm")  # noqa: S108 - it is asked, not written
    except OSError:
        return False
    return status.f_bavail * status.f_frsize >= needed_bytes


class BrowserProcess:
    """A running browser: `endpoint` is its DevTools WebSocket address, `exited` is set when it is gone."""

    def __init__(self, guardian: asyncio.subprocess.Process, profile: Path) -> None:
        self._guardian = guardian
        self.profile = profile
        self.pid = 0
        self.started_at = 0.0
        self.exit_code: int | None = None
        self.endpoint = ""
        self.exited = asyncio.Event()
        self.planned_stop = False
        self._stderr: deque[bytes] = deque(maxlen=40)
        self._listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._tasks: list[asyncio.Task[None]] = []

    @classmethod
    async def start(cls, options: LaunchOptions) -> BrowserProcess:
        """Start a browser and wait until it listens; BrowserFailedError carries what it said on stderr.

        Whatever happens, a browser that was started and is not returned is gone again.
        """
        profile = make_profile_folder()
        guardian = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(Path(__file__).with_name("guardian.py")),
            str(profile),
            *command_line(options, profile),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        process = cls(guardian, profile)
        process._tasks = [
            asyncio.create_task(process._read_stderr(), name="browser-stderr"),
            asyncio.create_task(process._read_guardian(), name="browser-guardian"),
        ]
        try:
            async with asyncio.timeout(options.start_timeout_s):
                process.endpoint = await asyncio.shield(process._listening)
        except TimeoutError as error:
            await process.stop()
            raise BrowserFailedError(
                f"{options.binary.path} did not listen within {options.start_timeout_s:g} s",
                why=process.stderr_tail() or "it said nothing on stderr",
            ) from error
        except BaseException:
            await asyncio.shield(process.stop())
            raise
        return process

    async def _read_guardian(self) -> None:
        assert self._guardian.stdout is not None
        async for line in self._guardian.stdout:
            told = msgspec.json.decode(line, type=dict[str, int])
            if "pid" in told:
                self.pid = told["pid"]
                with contextlib.suppress(psutil.NoSuchProcess):
                    self.started_at = psutil.Process(self.pid).create_time()
            if "exit" in told:
                self.exit_code = told["exit"]
        await self._guardian.wait()
        self.exited.set()
        if not self._listening.done():
            self._listening.set_exception(
                BrowserFailedError(
                    f"the browser ended before it listened (exit code {self.exit_code})",
                    why=self.stderr_tail() or "it said nothing on stderr",
                )
            )
            self._listening.exception()

    async def _read_stderr(self) -> None:
        assert self._guardian.stderr is not None
        while line := await self._read_line(self._guardian.stderr):
            self._stderr.append(line)
            found = _LISTENING.search(line)
            if found and not self._listening.done():
                self._listening.set_result(found[1].decode())

    @staticmethod
    async def _read_line(stream: asyncio.StreamReader) -> bytes:
        try:
            return await stream.readline()
        except ValueError:  # a line above the stream's limit: asyncio has dropped it, the next one is whole again
            return b"(a line too long to keep)\n"

    def stderr_tail(self) -> str:
        """The last lines of the browser's stderr."""
        return b"".join(self._stderr).decode(errors="replace").strip()[-2000:]

    def is_alive(self) -> bool:
        """Whether the process with this id and start time still runs."""
        if self.exited.is_set() or not self.pid:
            return False
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started_at and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def kill(self) -> None:
        """SIGKILL to the browser's process group: works on a stopped process, too."""
        if self.pid and self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Kill what is left, remove the profile, end the guardian. Bounded; safe to call twice."""
        self.planned_stop = True
        if self._guardian.stdin is not None and not self._guardian.stdin.is_closing():
            self._guardian.stdin.close()
        try:
            async with asyncio.timeout(10):
                await self._guardian.wait()
        except TimeoutError:
            self._guardian.kill()
            await self._guardian.wait()
        for task in self._tasks:
            await asyncio.wait([task])
        self.exited.set()


def process_ids(processes: Sequence[BrowserProcess]) -> list[int]:
    """The browsers' process ids, for resource figures."""
    return [process.pid for process in processes if process.pid and not process.exited.is_set()]

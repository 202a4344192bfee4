"""Launching one Chromium under its guardian, with a temporary profile of its own: on a random loopback port, or on a pair
of pipes and no port at all."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import signal
import sys
from collections import deque
from pathlib import Path
from typing import Literal, NamedTuple

import anyio
import msgspec
import psutil

from harness.cdp import preflight
from harness.cdp.errors import BrowserFailedError, ConnectFailedError
from harness.cdp.finding import BrowserBinary
from harness.cdp.pipe import PipeTransport
from harness.cdp.process_stat import Activity, activity, group_pss_bytes, started_ticks
from harness.cdp.profile_folder import make_profile_folder, remove_profile_folder
from harness.cdp.transport import Transport
from harness.cdp.websocket import WebSocketTransport

_GUARDIAN_S = 10.0  # how long a guardian may take to kill its browser and remove the profile
_LAST_WORDS_S = 2.0  # how long what was written to stderr may take to arrive once its writers are gone
NO_CONSOLE_ON_STDERR = "--enable-logging=/dev/null"
"""The shell writes each page's console message to stderr, and we would read it there, too; its errors come all the same."""
_PIPE_BYTES = 2**20  # a screenshot in few reads; the usual 64 KiB cost a wake-up each
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
    "--use-mock-keychain",
)
"""What every browser of ours is started with; `--remote-allow-origins` is never among it."""


TransportKind = Literal["websocket", "pipe"]


class LaunchOptions(NamedTuple):
    """How to start a browser. no_sandbox is honoured for uid 0 only, where Chromium cannot start otherwise."""

    binary: BrowserBinary
    headless: bool = True
    no_sandbox: bool = False
    extra_flags: tuple[str, ...] = ()
    start_timeout_s: float = 20.0
    transport: TransportKind = "websocket"

    @property
    def kind(self) -> str:
        """What kind of browser it is, for the evidence."""
        return self.binary.kind

    @property
    def where(self) -> str:
        """Its binary, for the evidence."""
        return str(self.binary.path)


def command_line(options: LaunchOptions, profile: Path) -> list[str]:
    """The browser's command line."""
    door = "--remote-debugging-pipe" if options.transport == "pipe" else "--remote-debugging-port=0"
    flags = [*FLAGS, door, f"--user-data-dir={profile}", *options.extra_flags]
    if options.headless:
        flags.append("--headless")
    if options.binary.kind == "headless-shell":
        flags.append(NO_CONSOLE_ON_STDERR)
    if options.no_sandbox and os.getuid() == 0:
        flags.append("--no-sandbox")
    if preflight.look().shared_memory_is_small:
        flags.append("--disable-dev-shm-usage")
    return [str(options.binary.path), *flags, "about:blank"]


class _Pipes:
    """Both pipes to one browser: our ends, and those that it inherits. What is still ours is closed by `close`."""

    def __init__(self) -> None:
        commands = os.pipe()
        self.theirs, self.ours = [commands[0]], [commands[1]]
        try:
            answers = os.pipe()
        except OSError:
            self.close()
            raise
        self.theirs, self.ours = [commands[0], answers[1]], [answers[0], commands[1]]
        for descriptor in self.ours:
            with contextlib.suppress(OSError):  # a user may have used up what pipes may hold; smaller ones do
                fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def close_theirs(self) -> None:
        """The browser has them."""
        while self.theirs:
            os.close(self.theirs.pop())

    def close(self) -> None:
        """Close all that is not a transport's."""
        self.close_theirs()
        while self.ours:
            os.close(self.ours.pop())

    def open(self) -> PipeTransport:
        """The transport over them; it can be had once."""
        if not self.ours:
            raise ConnectFailedError("the browser cannot be reached again", why="its pipe was used and is gone")
        (read, write), self.ours = self.ours, []
        return PipeTransport(read, write)


class BrowserProcess:
    """A running browser: `endpoint` is its DevTools WebSocket address (empty for one on pipes), `exited` is set when it is
    gone.

    pid: the browser itself; where the binary is a wrapper script, not the script's shell. exit_code: known once `exited`
    is set, unless the guardian was killed.
    """

    def __init__(self, guardian: asyncio.subprocess.Process, profile: Path, pipes: _Pipes | None = None) -> None:
        self._guardian = guardian
        self._pipes = pipes
        self.profile = profile
        self.pid = 0
        self.exit_code: int | None = None
        self.endpoint = ""
        self.exited = asyncio.Event()
        self._started_ticks: int | None = None
        self._group = 0
        self._group_known = asyncio.Event()
        self._stderr: deque[bytes] = deque(maxlen=40)
        self._listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._stderr_task = asyncio.create_task(self._read_stderr(), name="browser-stderr")
        self._guardian_task = asyncio.create_task(self._read_guardian(), name="browser-guardian")

    @classmethod
    async def start(cls, options: LaunchOptions) -> BrowserProcess:
        """Start a browser and wait until it listens (one on pipes: until its process is there).

        BrowserFailedError carries what it said on stderr. Whatever happens, a browser that was started and is not
        returned is gone again.
        """
        profile, pipes = None, None
        try:
            profile = make_profile_folder()
            pipes = _Pipes() if options.transport == "pipe" else None
            guardian = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                "-S",
                str(Path(__file__).with_name("guardian.py")),
                str(profile),
                ",".join(map(str, pipes.theirs)) if pipes else "-",
                *command_line(options, profile),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                pass_fds=tuple(pipes.theirs) if pipes else (),
            )
        except OSError as error:
            _undo(profile, pipes)
            raise BrowserFailedError("the browser's guardian could not be started", why=str(error)) from error
        except BaseException:
            _undo(profile, pipes)  # asyncio has killed the guardian, and its end kills what it had started
            raise
        process = cls(guardian, profile, pipes)
        try:
            async with asyncio.timeout(options.start_timeout_s):
                if pipes:
                    pipes.close_theirs()
                else:
                    process.endpoint = await asyncio.shield(process._listening)
                await process._group_known.wait()  # told on another pipe, so perhaps read later
        except TimeoutError as error:
            await process._stop_shielded()
            raise BrowserFailedError(
                f"{options.binary.path} did not listen within {options.start_timeout_s:g} s",
                why=process.stderr_tail() or "it said nothing on stderr",
            ) from error
        except BaseException:
            await process._stop_shielded()
            raise
        return process

    @property
    def reconnectable(self) -> bool:
        """Whether another connection may follow a lost one; a browser ends with its pipe."""
        return self._pipes is None

    async def connect(self, timeout_s: float) -> Transport:
        """A connection to the browser; ConnectFailedError when it accepts none."""
        if self._pipes is not None:
            return self._pipes.open()
        return await WebSocketTransport.open(self.endpoint, timeout_s)

    async def identify(self) -> None:
        """Find the browser's own process behind a wrapper script's; to be called once it has answered."""
        self._know_browser(await asyncio.to_thread(_browser_of, self._group, self.profile))

    def _know_browser(self, pid: int) -> None:
        self.pid, self._started_ticks = pid, started_ticks(pid)

    async def _read_guardian(self) -> None:
        assert self._guardian.stdout is not None
        async for line in self._guardian.stdout:
            told = msgspec.json.decode(line, type=dict[str, int])
            if "pid" in told:
                self._group = told["pid"]
                self._know_browser(self._group)
                self._group_known.set()
            if "exit" in told:
                self.exit_code = told["exit"]
        self.exited.set()
        self._group_known.set()
        if not self._listening.done():
            await asyncio.wait([self._stderr_task], timeout=_LAST_WORDS_S)
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

    def activity(self) -> Activity | None:
        """Whether the browser's own process is stopped, and what it has used; None when it has ended."""
        return activity(self.pid) if self.pid else None

    def pss_bytes(self) -> int:
        """Proportional memory of all its processes together; reads much of /proc, so not in the event loop."""
        return group_pss_bytes(self._group) if self._group else 0

    def is_alive(self) -> bool:
        """Whether the browser's process, and not another one with its id, still runs; a stopped one does."""
        return self._started_ticks is not None and started_ticks(self.pid) == self._started_ticks

    def kill(self) -> None:
        """SIGKILL to the browser's process group: works on a stopped process, too."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGKILL)

    async def stop(self) -> None:
        """Kill what is left, remove the profile, end the guardian. Bounded; safe to call twice."""
        if self._pipes is not None:
            self._pipes.close()
        if self._guardian.stdin is not None and not self._guardian.stdin.is_closing():
            self._guardian.stdin.close()
        # Its end is read from its output: `Process.wait` waits for whoever else holds the pipes, too (CPython 3.11).
        await asyncio.wait([self._guardian_task], timeout=_GUARDIAN_S)
        if not self._guardian_task.done():
            with contextlib.suppress(ProcessLookupError):
                self._guardian.kill()  # the kernel kills the browser, and the profile is ours to remove
        await asyncio.wait([self._guardian_task, self._stderr_task], timeout=_LAST_WORDS_S)
        if not self._stderr_task.done():
            # A process that left the group holds the pipe, and there is no public way to let go of it.
            self._guardian._transport.close()  # type: ignore[attr-defined]  # noqa: SLF001
        await asyncio.wait([self._guardian_task, self._stderr_task])
        await self._guardian.wait()
        if self.profile.exists():
            await asyncio.to_thread(remove_profile_folder, self.profile)

    async def _stop_shielded(self) -> None:
        with anyio.CancelScope(shield=True):
            await self.stop()


def _undo(profile: Path | None, pipes: _Pipes | None) -> None:
    if pipes:
        pipes.close()
    if profile:
        remove_profile_folder(profile)


def _browser_of(leader: int, profile: Path) -> int:
    """The browser among a group's leader and its descendants: the first that runs with our flags as its own.

    A wrapper script's shell has the script before them.
    """
    mark = f"--user-data-dir={profile}"
    for pid in (leader, *_descendants(leader)):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = psutil.Process(pid).cmdline()
            if mark in command and command[1].startswith("--"):
                return pid
    return leader


def _descendants(pid: int) -> list[int]:
    """Parents before their children; empty for a process that has ended."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return []

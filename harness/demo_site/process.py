"""Starts the built-in site as a process of its own, and ends it.

The site gets its accounts through its standard input and ends when that pipe does: it cannot outlive the harness, not
even after `kill -9`. It runs in a session of its own, so a Ctrl-C in the terminal reaches the harness alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from harness.basics.errors import EnvironmentLacksError, UsageError
from harness.basics.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 5.0
_MAX_TOLD_BYTES = 4000


class SiteStartError(EnvironmentLacksError):
    """The built-in site did not start, for example because its port is taken. Exit 4."""

    code = "site_start_failed"
    default_todo = "choose another port (0 takes a free one), or run `python -m harness.demo_site` by hand to see more"


class DemoSite:
    """A running site. Made by `start`; ended by `stop`, or by leaving it as an async context."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, complaints: IO[bytes]) -> None:
        self._process = process
        self._complaints = complaints
        self.port = port

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @classmethod
    async def start(
        cls,
        accounts: Mapping[str, str],
        misbehave: Sequence[str] = (),
        port: int = 0,
        timeout_s: float = START_TIMEOUT_S,
    ) -> DemoSite:
        """Starts a site that lets `accounts` (user -> password) in and returns once it listens.

        Raises `UsageError` for a rule of `misbehave` that cannot be read, and `SiteStartError` where the port is
        taken or the process does not come up within `timeout_s`; in both cases nothing is left running.
        """
        # A file and not a pipe: nobody has to read it for the site to go on. It has no name that could be left behind.
        complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop
        try:
            process = await _launch(misbehave, port, complaints)
            try:
                port = await _port_of(process, accounts, complaints, timeout_s)
            except BaseException:
                await _end(process)
                raise
        except BaseException:
            complaints.close()
            raise
        return cls(process, port, complaints)

    async def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Ends the site, after `timeout_s` by force, and returns when it is gone. A second call does nothing."""
        try:
            await _end(self._process, timeout_s)
        finally:
            self._complaints.close()

    def complaints(self) -> str:
        """What a running site wrote to standard error (its last part); normally nothing."""
        return _read(self._complaints)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


async def _launch(misbehave: Sequence[str], port: int, complaints: IO[bytes]) -> asyncio.subprocess.Process:
    rules = [f"--misbehave={rule}" for rule in misbehave]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "harness.demo_site",
        f"--port={port}",
        *rules,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
        cwd=Path(__file__).parents[2],  # where `harness` lies: the child finds the very code that started it
    )


async def _port_of(
    process: asyncio.subprocess.Process, accounts: Mapping[str, str], complaints: IO[bytes], timeout_s: float
) -> int:
    """Hands the accounts over and returns the port that the site tells once it listens; raises its refusal."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(timeout_s):
            process.stdin.write(json.dumps(dict(accounts)).encode() + b"\n")
            listening = await process.stdout.readline()
            if listening:
                return int(json.loads(listening)["port"])
            exit_code = await process.wait()
    except TimeoutError as late:
        why = f"it was not listening within {timeout_s:g} s; {_read(complaints)}"
        raise SiteStartError("the built-in site did not start", why=why) from late
    raise _start_error(exit_code, _read(complaints))


async def _end(process: asyncio.subprocess.Process, timeout_s: float = STOP_TIMEOUT_S) -> None:
    """Closes the pipe that the site's life hangs on; by force where that is not enough, or where we are cancelled."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(timeout_s):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    except asyncio.CancelledError:
        if process.returncode is None:
            process.kill()
        raise


def _read(complaints: IO[bytes]) -> str:
    """The last part of what the site wrote. By `pread`: the site shares the file's position and writes at it."""
    if complaints.closed:
        return ""
    size_bytes = os.fstat(complaints.fileno()).st_size
    told = os.pread(complaints.fileno(), _MAX_TOLD_BYTES, max(0, size_bytes - _MAX_TOLD_BYTES))
    return told.decode("utf-8", "replace").strip()


def _start_error(exit_code: int, told: str) -> UsageError | SiteStartError:
    """The site's own three lines as an error, or, where it wrote something else, that text as the reason."""
    lines = told.splitlines()
    if len(lines) != 3:
        return SiteStartError(
            "the built-in site did not start", why=f"it ended with code {exit_code}: {told or 'no word'}"
        )
    what, why, todo = lines
    kind = UsageError if exit_code == ExitCode.USAGE else SiteStartError
    return kind(what, why=why, todo=todo)

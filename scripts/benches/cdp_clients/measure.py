"""What each client is put through, and how its CPU is counted; `python -m scripts.benches.cdp_clients.<client> JOB`.

JOB is a `Job` as JSON. One JSON object goes to standard output: the figures by name, and under `failed` the reason for each
measure that has none (`start`: for all of them).
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple, Protocol

EXPRESSION, VALUE = "21 * 2", 42
LOGS_AT_ONCE = 100
PATIENCE_S = 60.0


class Job(NamedTuple):
    """What one client is to do in one round. variant: which of its ways, such as a transport; scratch: a folder to use."""

    variant: str
    endpoint: str
    browser: str
    flags: list[str]
    origin: str
    scratch: str
    evaluates: int
    sessions: int
    calls: int
    events: int
    workers: int
    flows: int


class Client(Protocol):
    """One CDP library, driven through what its users would call. A page is whatever the library has for one."""

    async def start(self, job: Job) -> None:
        """Connect, or launch."""
        ...

    async def open(self) -> Any:
        """A new page on about:blank."""
        ...

    async def evaluate(self, page: Any, expression: str) -> Any:
        """The value of an expression, through `Runtime.evaluate` or what the library has above it."""
        ...

    async def listen(self, page: Any, heard: Callable[[str], None]) -> None:
        """Call `heard` with the text of each console message from now on."""
        ...

    async def flow(self, page: Any, url: str) -> str:
        """Go to `url`, click `#go`, return the text of `#out`."""
        ...

    async def stop(self) -> None:
        """Let go of everything."""
        ...


# --- CPU of this process and of what works for it, but not of the browser


class Cpu:
    """Seconds of CPU that the client has used: this process, and its helpers (Playwright's driver is one) while they live."""

    def __init__(self) -> None:
        self._helpers = helpers_of_this_process()

    def used_s(self) -> float:
        """So far; call it before and after."""
        return time.process_time() + sum(process_cpu_s(pid) for pid in self._helpers)


def process_cpu_s(pid: int) -> float:
    """CPU seconds of another process, all its threads, to the nanosecond (Linux: the process's own CPU clock)."""
    return time.clock_gettime((~pid << 3) | 2)


def helpers_of_this_process() -> list[int]:
    """Living descendants that are no browser, and whatever hangs below a browser is one too."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_bytes().rpartition(b")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
        children.setdefault(parent, []).append(int(stat.parent.name))
    helpers: list[int] = []
    front = [int(Path("/proc/self").resolve().name)]
    while front:
        for pid in children.get(front.pop(), ()):
            if not _is_browser(pid):
                helpers.append(pid)
                front.append(pid)
    return helpers


def _is_browser(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"--user-data-dir=" in command or b"--remote-debugging-" in command


# --- the measures


async def measure(client: Client, job: Job) -> dict[str, Any]:
    """Every measure in turn, on one browser. One that fails has no figure, and its reason is among `failed`."""
    await client.start(job)
    cpu = Cpu()
    done: dict[str, Any] = {"failed": {}}
    parts: dict[str, Callable[[], Awaitable[dict[str, float]]]] = {
        "a": lambda: one_by_one(client, cpu, job.evaluates),
        "b": lambda: at_once(client, cpu, job.sessions, job.calls),
        "c": lambda: events(client, cpu, job.events),
        "d": lambda: flows(client, cpu, job),
    }
    try:
        for name, part in parts.items():
            try:
                async with asyncio.timeout(PATIENCE_S):
                    done.update(await part())
            except Exception as error:  # noqa: BLE001 - a library's defect is a row with its reason
                _record_failure(done["failed"], name, error)
    finally:
        await client.stop()
    return done


def _record_failure(failed: dict[str, str], name: str, error: Exception) -> None:
    failed[name] = f"{type(error).__name__}: {error}".partition("\n")[0]


async def one_by_one(client: Client, cpu: Cpu, count: int) -> dict[str, float]:
    """(a) One evaluate after the other on one page."""
    page = await client.open()
    for _ in range(max(20, count // 10)):
        _must(await client.evaluate(page, EXPRESSION), VALUE)
    took: list[float] = []
    before = cpu.used_s()
    for _ in range(count):
        begun = time.perf_counter()
        _must(await client.evaluate(page, EXPRESSION), VALUE)
        took.append(time.perf_counter() - begun)
    used = cpu.used_s() - before
    return {"a_cpu_us": used / count * 1e6, "a_p50_us": statistics.median(took) * 1e6}


async def at_once(client: Client, cpu: Cpu, sessions: int, calls: int) -> dict[str, float]:
    """(b) As many pages at once, each evaluating one by one."""
    pages = [await client.open() for _ in range(sessions)]

    async def work(page: Any, count: int) -> None:
        for _ in range(count):
            _must(await client.evaluate(page, EXPRESSION), VALUE)

    await asyncio.gather(*[work(page, 2) for page in pages])
    before, begun = cpu.used_s(), time.perf_counter()
    await asyncio.gather(*[work(page, calls) for page in pages])
    used, took = cpu.used_s() - before, time.perf_counter() - begun
    total = sessions * calls
    return {"b_cpu_us": used / total * 1e6, "b_calls_per_s": total / took}


async def events(client: Client, cpu: Cpu, count: int) -> dict[str, float]:
    """(c) Console messages received, each with its text; a client with `hear_nothing` also has them come to nobody."""
    found: dict[str, float] = {}
    ignore = getattr(client, "hear_nothing", None)
    if ignore is not None:
        page = await client.open()
        await ignore(page)
        found["c_unheard_cpu_us"] = await _cpu_per_log(client, page, cpu, count, None)
    page = await client.open()
    counter = _Counter()
    await client.listen(page, counter.heard)
    found["c_cpu_us"] = await _cpu_per_log(client, page, cpu, count, counter)
    return found


async def _cpu_per_log(client: Client, page: Any, cpu: Cpu, count: int, counter: _Counter | None) -> float:
    async def log(batches: int) -> None:
        for _ in range(batches):
            if counter:
                counter.expect(LOGS_AT_ONCE)
            await client.evaluate(page, f"for (let i = 0; i < {LOGS_AT_ONCE}; i++) console.log('event ' + i)")
            if counter:
                await counter.all_came.wait()

    batches = max(1, count // LOGS_AT_ONCE)
    await log(1)
    before = cpu.used_s()
    await log(batches)
    return (cpu.used_s() - before) / (batches * LOGS_AT_ONCE) * 1e6


class _Counter:
    def __init__(self) -> None:
        self.missing = 0
        self.all_came = asyncio.Event()

    def expect(self, count: int) -> None:
        self.missing += count
        self.all_came.clear()

    def heard(self, text: str) -> None:
        if not text.startswith("event "):
            raise AssertionError(f"a console message came as {text!r}")
        self.missing -= 1
        if not self.missing:
            self.all_came.set()


async def flows(client: Client, cpu: Cpu, job: Job) -> dict[str, float]:
    """(d) goto, click, read; a client with `run_flows` has a pool of its own, and is told when to read the clock."""
    pool = getattr(client, "run_flows", None)
    if pool is not None:
        marks: list[float] = []
        await pool(lambda: marks.append(cpu.used_s()))
        return {"d_cpu_ms": (marks[1] - marks[0]) / (job.workers * job.flows) * 1e3}
    pages = [await client.open() for _ in range(job.workers)]

    async def work(page: Any, count: int) -> None:
        for number in range(count):
            _must((await client.flow(page, f"{job.origin}/?{number}")).strip(), "clicked")

    await asyncio.gather(*[work(page, 1) for page in pages])
    before = cpu.used_s()
    await asyncio.gather(*[work(page, job.flows) for page in pages])
    return {"d_cpu_ms": (cpu.used_s() - before) / (job.workers * job.flows) * 1e3}


def _must(value: Any, expected: Any) -> None:
    if value != expected:
        raise AssertionError(f"the client returned {value!r}, not {expected!r}")


# --- the process


def main(make: Callable[[], Client], run: Callable[[Coroutine[Any, Any, None]], None] = asyncio.run) -> None:
    """Do the job that the command line names. run: another event loop's `run`."""
    job = Job(**json.loads(sys.argv[1]))

    async def work() -> None:
        result = await measure(make(), job)
        print(json.dumps(result), flush=True)
        os._exit(0)  # everything is said and stopped; some libraries leave tasks that no loop can end

    run(work())

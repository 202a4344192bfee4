"""The only assembler: a validated profile becomes a running harness, and a run folder with its verdict."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import anyio
import anyio.abc

from harness.basics.errors import EnvironmentLacksError, HarnessError, StorageError, UsageError
from harness.basics.ids import new_run_id
from harness.burnin.feed import MixFeed
from harness.burnin.interrupts import Interrupts
from harness.burnin.runner import Runner, RunPlan, RunResult, RunStatus
from harness.cdp.errors import BrowserFailedError
from harness.cdp.finding import find_browser
from harness.cdp.launch import LaunchOptions
from harness.cdp.lifecycle import CdpLifecycleManager
from harness.cdp.ports import OpenFence
from harness.cdp.preflight import make_room
from harness.cdp.profile_folder import sweep_leftovers
from harness.cdp.reconnect_coordinator import ReconnectCoordinator
from harness.cdp.reconnecting.policy import ReconnectPolicy
from harness.cdp.remote import RemoteEndpoint
from harness.coordination.leases import Coordinator
from harness.demo_site.process import DemoSite
from harness.navigation.binding import rebase
from harness.navigation.downloads import Downloads
from harness.pool.items import WorkQueue
from harness.pool.ledger import HttpLedger
from harness.pool.modes import Mode
from harness.pool.plan import PathPlan, RunFigures, SpinNaming, WorkPlan
from harness.pool.supervisor import Pool
from harness.pool.worker import Worker
from harness.readiness.reports import Reported, write_reports
from harness.readiness.verdict import Verdict
from harness.runfolder.layout import RunPaths
from harness.runfolder.manifest import (
    BrowserRecord,
    Ending,
    Manifest,
    declared_digest,
    write_atomically,
    write_manifest,
)
from harness.settings.declaration import declare, duration_s, size
from harness.settings.environment import Environment
from harness.settings.preparation import Prepared, counted_items
from harness.telemetry.pipeline import Telemetry
from harness.telemetry.redaction import Redactor, UnredactableError
from harness.telemetry.sink import ListSink, SegmentSink

MIN_FREE_BYTES = 64 * 2**20
RESERVE_BYTES = 512 * 1024


class RunOutcome(NamedTuple):
    """What came of a run: its folder, how it ended, and the verdict from the folder alone."""

    folder: Path
    result: RunResult
    verdict: Verdict


def refuse_rules_of_nothing(prepared: Prepared) -> None:
    """UsageError for a misbehaviour that the built-in site cannot have."""
    rules = [*prepared.loaded.profile.site.misbehave, *prepared.options.misbehave]
    if not rules:
        return
    from harness.demo_site.misbehaviour import RuleError  # with a web server: only where the site is asked for it
    from harness.demo_site.server import check_rules

    try:
        check_rules(rules)
    except RuleError as error:
        raise UsageError(
            "a rule of --misbehave or site.misbehave cannot be used", why=str(error), todo="correct the rule"
        ) from error


# --- the run folder


def _make_folder(environment: Environment, run_id: str) -> RunPaths:
    root = environment.storage_root / run_id
    try:
        root.mkdir(parents=True, mode=0o700)
        free = shutil.disk_usage(root).free
        if free < MIN_FREE_BYTES:
            root.rmdir()
            raise EnvironmentLacksError(
                f"there is too little room for a run under {environment.storage_root}",
                why=f"{free // 2**20} MiB are free, {MIN_FREE_BYTES // 2**20} MiB are needed",
                todo="free disk space, or choose another HARNESS_STORAGE_ROOT",
            )
        paths = RunPaths(root)
        paths.artifacts.mkdir()
        paths.maps.mkdir()
        paths.reserve.write_bytes(b"\0" * RESERVE_BYTES)
    except OSError as error:
        raise EnvironmentLacksError(
            f"no run folder can be made under {environment.storage_root}",
            why=error.strerror or str(error),
            todo="make the folder writable, or choose another HARNESS_STORAGE_ROOT",
        ) from error
    return paths


# --- the run


@dataclass
class _Run:
    """One run being assembled and executed."""

    prepared: Prepared
    paths: RunPaths
    manifest: Manifest
    redactor: Redactor
    interrupts: Interrupts
    channels: dict[str, str] = field(default_factory=dict)
    """Digests of what was written, once the sink is closed."""
    attached: dict[str, str] = field(default_factory=dict)
    """DevTools ids of browsers that run elsewhere, and which of ours is attached to each."""

    async def execute(self, on_status: Callable[[RunStatus], anyio.abc.AsyncResource | None]) -> RunResult:
        async with AsyncExitStack() as stack:
            runner_box: list[Runner] = []

            def on_sink_failure(error: HarnessError) -> None:
                for runner in runner_box:
                    runner.stop("halted", error)

            sink = SegmentSink(self.paths, on_failure=on_sink_failure)
            stack.callback(self._note_digests, sink)
            telemetry = Telemetry(sink, run_id=self.manifest.run_id, redactor=self.redactor)
            stack.callback(telemetry.close)
            telemetry.log.info("run.declared", sha256=declared_digest(self.manifest))
            self._tell_preparation(telemetry)

            def on_signal(count: int) -> None:
                if not runner_box:
                    starting.cancel()
                for runner in runner_box:
                    end_early(runner, count)

            with anyio.CancelScope() as starting:
                stack.enter_context(self.interrupts.told_to(on_signal))
                origin = await self._site(stack)
                runner_box.append(self._assemble(telemetry, origin))
            if not runner_box:
                return RunResult("interrupted", 0.0, "before the first browser was started")
            (runner,) = runner_box
            shown = on_status(runner.status)
            if shown is not None:
                await stack.enter_async_context(shown)
            result = await runner.run()
        if sink.failure is not None and result.error is None:  # the very last lines found no room
            result = result._replace(reason="halted", detail=sink.failure.what, error=sink.failure)
        return result

    def _tell_preparation(self, telemetry: Telemetry) -> None:
        swept = sweep_leftovers()
        if swept.processes or swept.profiles:
            telemetry.log.warning("leftovers.swept", processes=swept.processes, profiles=swept.profiles)
        for name, found in self.prepared.maps.items():
            telemetry.log.info(
                "map.loaded",
                path=name,
                file=Path(found.map.source).name,
                format=found.map.format,
                steps=sum(1 for _ in found.map.steps()),
                drift=len(found.drift),
            )
            for line in found.drift:
                telemetry.log.info(
                    "map.drift", path=name, step_id=line.step, code=line.code, file=Path(line.file).name,
                    field=line.field, found=line.found, done=line.done,
                )  # fmt: skip
        for item in self.prepared.registry:
            telemetry.log.info("strategy.loaded", action=item.name, module=item.module)

    async def _site(self, stack: AsyncExitStack) -> str:
        site = self.prepared.loaded.profile.site
        if not site.builtin:
            return site.origin
        misbehave = [*site.misbehave, *self.prepared.options.misbehave]
        accounts = {account: secret.reveal() for account, secret in self.prepared.accounts.items()}
        started = await DemoSite.start(accounts, misbehave)
        stack.push_async_callback(started.stop)
        return started.origin

    def _assemble(self, telemetry: Telemetry, origin: str) -> Runner:
        prepared, profile, options = self.prepared, self.prepared.loaded.profile, self.prepared.options
        log, rng = telemetry.log, random.Random(profile.run.seed)  # noqa: S311 - jitter and mix, not secrets
        coordinator = Coordinator(log, run_id=self.manifest.run_id)
        ledger = HttpLedger(origin + profile.site.ledger) if profile.site.ledger else None
        workers, browsers = size(prepared)
        reconnect = prepared.loaded.reconnect.policy
        gates = ReconnectCoordinator(reconnect, log=log, rng=rng) if reconnect.is_coordinated else None
        managers = [
            CdpLifecycleManager(
                browser_id=f"b{number + 1}",
                cohort=f"c{number + 1}",
                cohort_index=number,
                cohorts=browsers,
                launch=_launch(prepared, number),
                policy=reconnect,
                coordinator=gates,
                fence=coordinator,
                on_connection_lost=coordinator.revoke_browser,
                on_renderer_hung=coordinator.revoke_if_owned,
                recycle=profile.recycle,
                log=log,
                rng=rng,
                command_timeout_s=profile.browser.command_timeout_s,
                on_started=self._note_browser,
            )
            for number in range(browsers)
        ]
        effects = {path.name: path for path in profile.paths}
        plan = WorkPlan(
            paths={
                name: PathPlan(name, rebase(found.map, effects[name].recorded_origin, origin), effects[name].effect)
                for name, found in prepared.maps.items()
            },
            credentials=prepared.credentials,
            registry=prepared.registry,
            ledger=ledger,
            naming=SpinNaming(profile.site.spin_header, profile.site.spin_cookie),
            allowed_origins=frozenset({origin, *profile.site.allowed_origins}),
            spin_timeout_s=profile.run.spin_timeout_s,
            step_timeout_s=profile.run.step_timeout_s,
            lock_timeout_s=profile.run.lock_timeout_s,
            hold_s=profile.run.hold_s,
            downloads=Downloads(self.paths.downloads),
        )
        figures = RunFigures()
        queue = self._queue(telemetry, rng)

        def make(worker_id: str, manager: CdpLifecycleManager) -> Worker:
            return Worker(
                worker_id,
                manager=manager,
                coordinator=coordinator,
                queue=queue,
                plan=plan,
                figures=figures,
                log=log,
                commit=telemetry.commit,
                save=self._save,
            )

        burning = options.mode is Mode.BURN_IN
        run_plan = RunPlan(
            mode=options.mode.value,
            profile=prepared.loaded.name,
            workers=workers,
            duration_s=duration_s(prepared) if burning else None,
            drain_s=profile.run.drain_s,
            snapshot_s=profile.run.snapshot_s,
            faults=profile.faults if burning else (),
        )
        return Runner(
            run_plan,
            managers=managers,
            pool=Pool(workers, managers, queue, make, log),
            queue=queue,
            coordinator=coordinator,
            figures=figures,
            telemetry=telemetry,
            ledger=ledger,
        )

    def _queue(self, telemetry: Telemetry, rng: random.Random) -> WorkQueue:
        if self.prepared.options.mode is Mode.BURN_IN:
            return WorkQueue(telemetry.log, MixFeed(self.prepared.shares, rng))
        queue = WorkQueue(telemetry.log)
        for item in counted_items(self.prepared):
            queue.add(item)
        return queue

    def _note_browser(self, manager: CdpLifecycleManager) -> None:
        assert manager.identity is not None
        assert manager.process is not None
        self._refuse_the_same_twice(manager)
        self.manifest.browsers.append(
            BrowserRecord(
                browser_id=manager.browser_id,
                product=_told(self.redactor, manager.identity.product),
                path=_told(self.redactor, manager.launch.where),
                kind=manager.launch.kind,
                pid=manager.process.pid,
                protocol=manager.identity.protocol,
                sandbox=not manager.launch.no_sandbox,
            )
        )
        write_manifest(self.paths, self.manifest)

    def _note_digests(self, sink: SegmentSink) -> None:
        self.channels = sink.digests

    def _refuse_the_same_twice(self, manager: CdpLifecycleManager) -> None:
        """Two managers of one browser would be two owners of its clipboard; addresses may differ, its id does not."""
        if manager.is_launched:
            return
        browser_id = str(manager.life).rpartition("/")[2]
        other = self.attached.setdefault(browser_id, manager.browser_id)
        if other != manager.browser_id:
            raise BrowserFailedError(
                f"{manager.launch.where} is the same browser as that of {other}",
                why=f"both answer with the id {browser_id}",
                todo="name each browser once under browser.endpoints of the profile",
            )

    def _save(self, spin_id: str, name: str, content: bytes) -> str:
        path = self.paths.artifact(spin_id, name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        return str(path.relative_to(self.paths.root))


def _told(redactor: Redactor, text: str) -> str:
    """A text for the manifest of a run that is under way: nothing may keep it from being written."""
    try:
        return redactor.document(text)
    except UnredactableError:
        return "[redacted]"


def _launch(prepared: Prepared, number: int) -> LaunchOptions | RemoteEndpoint:
    """How browser `number`, from 0, is had."""
    browser = prepared.loaded.profile.browser
    if prepared.binary is None:
        return RemoteEndpoint(browser.endpoints[number], browser.start_timeout_s)
    return LaunchOptions(
        prepared.binary,
        headless=browser.headless,
        no_sandbox=runs_unsandboxed(),
        extra_flags=browser.flags,
        start_timeout_s=browser.start_timeout_s,
        transport=browser.transport,
    )


def end_early(runner: Runner, count: int) -> None:
    """The first signal drains, the second stops at once; both leave nothing behind, and further ones change nothing."""
    if count == 1 and runner.status.phase != "draining":
        runner.stop("interrupted")
    else:
        runner.abandon()


def runs_unsandboxed() -> bool:
    """Whether browsers are started with --no-sandbox: as uid 0 only, where Chromium cannot start otherwise."""
    return os.getuid() == 0


async def probe_browser(environment: Environment) -> dict[str, str]:
    """Find the browser, start it once, ask what it is, and end it; raises what a run would raise."""
    binary = find_browser(environment.browser)
    manager = CdpLifecycleManager(
        browser_id="probe",
        cohort="probe",
        cohort_index=0,
        cohorts=1,
        launch=LaunchOptions(binary, no_sandbox=runs_unsandboxed()),
        policy=ReconnectPolicy(),
        fence=OpenFence(),
        on_connection_lost=lambda _browser, _reason: None,
        log=Telemetry(ListSink(), run_id="probe").log,
        rng=random.Random(0),  # noqa: S311 - jitter
    )
    failed: BrowserFailedError | None = None
    async with anyio.create_task_group() as tasks:
        try:
            await tasks.start(manager.run)
        except BrowserFailedError as error:
            failed = error
        manager.stop()
    if failed is not None:
        raise failed
    assert manager.identity is not None
    return {"product": manager.identity.product, "path": str(binary.path), "kind": binary.kind}


def run(prepared: Prepared, on_status: Callable[[RunStatus], anyio.abc.AsyncResource | None]) -> RunOutcome:
    """Execute a prepared run and evaluate its folder. The folder is readable and evaluated however the run ends: signals
    are answered by draining, and by nothing else, until the reports are written."""
    with Interrupts() as interrupts:
        return _run(prepared, on_status, interrupts)


def _run(
    prepared: Prepared, on_status: Callable[[RunStatus], anyio.abc.AsyncResource | None], interrupts: Interrupts
) -> RunOutcome:
    refuse_rules_of_nothing(prepared)
    workers, browsers = size(prepared)
    make_room(-(-workers // browsers))
    manifest, copies, redactor = declare(prepared, new_run_id())
    paths = _make_folder(prepared.environment, manifest.run_id)
    write_manifest(paths, manifest)
    for copy in copies:
        write_atomically(paths.root / copy.file, copy.content)
    result = RunResult("failed", 0.0)
    running = _Run(prepared, paths, manifest, redactor, interrupts)
    try:
        result = anyio.run(running.execute, on_status, backend_options={"use_uvloop": True})
    finally:
        manifest.ending = Ending(
            reason=result.reason,
            ran_s=result.ran_s,
            ended_ns=time.time_ns(),
            detail=_told(redactor, result.detail),
            channels=running.channels,
        )
        verdict, _, unreported = _close_folder(paths, manifest, result.error)
    return RunOutcome(paths.root, result._replace(error=result.error or unreported), verdict)


def _close_folder(paths: RunPaths, manifest: Manifest, error: HarnessError | None) -> Reported:
    """Write the ending and the reports; where even they cannot be written, what stopped the run is what is told."""
    try:
        paths.reserve.unlink(missing_ok=True)
        write_manifest(paths, manifest)
        return write_reports(paths.root)
    except StorageError as failed:
        raise error or failed from failed

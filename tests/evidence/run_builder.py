"""Builds run folders for tests: events go in as a run would emit them, and lie there as a run would leave them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from harness.runfolder.event import CORRELATION_FIELDS, Event
from harness.runfolder.framing import encode_line
from harness.runfolder.layout import Channel, RunPaths
from harness.runfolder.manifest import (
    BrowserRecord,
    CopyRecord,
    Ending,
    Manifest,
    Plan,
    declared_digest,
    write_manifest,
)
from harness.telemetry.catalogue import CATALOGUE

RUN_ID = "run-test"
DECLARED = "0" * 64
"""Stands in a `run.declared` for the digest of the manifest, until that is written."""
_EMPTY: dict[str, Any] = {
    "id": "", "name": "", "text": "", "count": 0, "integer": 0, "bytes": 0, "ms": 0.0, "s": 0.0, "flag": False, "table": {},
}  # fmt: skip
START_NS = 1_700_000_000_000_000_000


class RunBuilder:
    """`emit` adds an event at `at_s` (seconds since the run's start; never going back); `write` makes the folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = RunPaths(root)
        self.lines: dict[Channel, list[bytes]] = {channel: [] for channel in Channel}
        self.seq = 0
        self.at_s = 0.0
        self.incarnation = 1
        self.mode = "burn-in"
        self.plan: dict[str, Any] = {"duration_s": 60.0, "workers": 2}
        self.criteria: dict[str, Any] = {}
        self.ending: Ending | None = Ending(reason="completed", ran_s=60.0, ended_ns=START_NS + 60_000_000_000)
        self.spins = 0
        self.copies: dict[str, bytes] = {}

    def emit(self, name: str, at_s: float | None = None, **values: Any) -> Event:
        """One event; correlation ids and fields are told apart by their names, undeclared ones are refused."""
        self.at_s = max(self.at_s, self.at_s if at_s is None else at_s)
        spec = CATALOGUE[name]
        ids = {key: values.pop(key) for key in CORRELATION_FIELDS if key in values}
        assert values.keys() <= spec.fields.keys(), f"{name} has no fields {values.keys() - spec.fields.keys()}"
        values = {field: _EMPTY[kind] for field, kind in spec.fields.items() if kind in _EMPTY} | values
        self.seq += 1
        now_ns = int(self.at_s * 1e9)
        stamps: dict[str, Any] = {"time_ns": START_NS + now_ns, "mono_ns": 5_000_000_000 + now_ns, "seq": self.seq}
        event = Event(
            **stamps,
            channel=spec.channel.value,
            event=name,
            level="info",
            **{"run_id": RUN_ID, "incarnation": self.incarnation} | ids,
            fields=values,
        )
        self.lines[spec.channel].append(encode_line(event))
        return event

    def spin(
        self,
        path: str = "shop",
        *,
        worker: str = "w1",
        at_s: float | None = None,
        took_s: float = 1.0,
        outcome: str = "completed",
        committed: str = "yes",
        phases: tuple[str, ...] = ("Login", "Buy"),
        item_id: str = "",
        recorded: bool = False,
        explained: bool = True,
        end: bool = True,
        lease: bool = True,
    ) -> str:
        """A whole spin with its item, lease, phases, one command and, where it failed, its failure; returns its id."""
        self.spins += 1
        spin_id = f"spin-{self.spins:05d}"
        fresh = not item_id
        item_id = item_id or f"item-{self.spins:05d}"
        begin_s = self.at_s if at_s is None else at_s
        whose = {"worker_id": worker, "item_id": item_id, "path": path}
        ids = {**whose, "spin_id": spin_id, "trace_id": f"trace-{self.spins:05d}"}
        if fresh:
            self.emit("item.enqueued", begin_s, item_id=item_id, path=path, priority=0, credential="", key="")
        self.emit("item.state", **whose, from_state="queued", to_state="claimed", attempt=1, reason="claimed")
        self.emit("worker.state", worker_id=worker, from_state="idle", to_state="running", cohort="a")
        self.emit("spin.started", **ids, attempt=1, credential="")
        scope = f"session:{spin_id}"
        if lease:
            self.emit("lease.granted", **ids, scope=scope, owner=worker, browser_id="b1", epoch=f"1.{self.spins}")
        for number, phase in enumerate(phases):
            where = {**ids, "phase": phase, "step_id": f"step-{number}"}
            self.emit("command.completed", **where, command_id=f"b1.1.{self.spins}{number}", method="Runtime.evaluate",
                      duration_ms=2.0, outcome="ok", session_id="s1")  # fmt: skip
            failed_here = outcome != "completed" and number == len(phases) - 1
            share_ms = took_s * 1e3 / len(phases)
            phase_outcome = "gate_failed" if failed_here else "ok"
            self.emit("phase.completed", begin_s + took_s * (number + 1) / len(phases), **ids, phase=phase,
                      duration_ms=share_ms, outcome=phase_outcome)  # fmt: skip
        if not end:
            return spin_id
        if outcome in {"failed", "unknown"} and explained:
            self.failure(**ids, phase=phases[-1], step_id=f"step-{len(phases) - 1}")
        if lease:
            self.emit("lease.released", **ids, scope=scope, owner=worker, held_ms=1.0, reason="done")
        self.emit("spin.ended", begin_s + took_s, **ids, outcome=outcome, committed=committed, attempt=1)
        self.emit("spin.timed", **ids, duration_ms=took_s * 1e3, outcome=outcome, wait_ms=0.0)
        final = {"completed": "done", "failed": "failed", "unknown": "unknown", "cancelled": "cancelled"}[outcome]
        self.emit("item.state", **whose, from_state="claimed", to_state=final, attempt=1, reason="")
        if recorded:
            self.emit("site.recorded", spin_id=spin_id, effects=1, account="alice")
        return spin_id

    def failure(self, **values: Any) -> str:
        """One failure, complete unless told otherwise; returns its id."""
        failure_id = f"fail-{self.seq:05d}"
        told = {
            "failure_id": failure_id,
            "category": "navigation",
            "cause": "gate_failed",
            "containment": "item_failed",
            "operation": "step.click",
            "detail": "the exit gate did not open",
            "method": "",
            "url": "",
            "injected": False,
        }
        self.emit("failure.recorded", **(told | values))
        return failure_id

    def loss(self, at_s: float, browser: str = "b1", *, back_s: float | None = 0.2, via: str = "reconnecting") -> None:
        """A lost connection, and the browser healthy again `back_s` later (None: never), by way of another state."""
        ids = {"browser_id": browser, "cohort": f"c-{browser}"}
        self.emit("cdp.connection_lost", at_s, **ids, generation=1, cause="connection_lost", pending=0, detail="")
        reason = "the process ended" if via == "restarting" else "the connection ended, the process lives"
        self.emit("browser.state", **ids, from_state="healthy", to_state=via, reason=reason)
        if back_s is not None:
            self.emit("browser.state", at_s + back_s, **ids, from_state=via, to_state="healthy", reason="")

    def healthy(self, at_s: float, *browsers: str) -> None:
        """Browsers that started."""
        for browser in browsers:
            self.emit("browser.state", at_s, browser_id=browser, cohort=f"c-{browser}", from_state="starting",
                      to_state="healthy", reason="started")  # fmt: skip

    def good_run(self, spins: int = 40) -> RunBuilder:
        """A sound run of 60 s: two workers, every spin committed once and recorded by the site."""
        self.emit("run.declared", 0.0, sha256=DECLARED)
        self.emit("run.started", mode=self.mode, profile="demo", workers=2, browsers=1, duration_s=60.0)
        self.emit("browser.state", browser_id="b1", cohort="a", from_state="starting", to_state="healthy", reason="")
        recorded = [self.spin(worker=f"w{1 + n % 2}", at_s=60.0 * n / spins) for n in range(spins)]
        return self.finish(recorded)

    def finish(self, recorded: list[str] | None = None) -> RunBuilder:
        """The events at the end of a run: the site's record, the leases, the summary."""
        for spin_id in recorded or []:
            self.emit("site.recorded", spin_id=spin_id, effects=1, account="alice")
        if recorded is not None:
            self.emit("site.compared", entries=len(recorded), known=len(recorded), foreign=0, unnamed=0)
        self.emit("run.ended", 60.0, reason="completed", ran_s=60.0, detail="")
        counts = {"granted": self.spins, "released": self.spins, "revoked": 0, "expired": 0, "refused": 0}
        self.emit("leases.closed", **counts, open=0)
        emitted = {channel.value: len(lines) for channel, lines in self.lines.items()}
        self.emit("telemetry.summary", emitted={**emitted, "skeletons": 0}, dropped=dict.fromkeys(emitted, 0))
        return self

    def kill(self) -> RunBuilder:
        """The process died: there is no ending."""
        self.ending = None
        return self

    def write(self) -> Path:
        """Make the folder; returns its root. Digests are those of what is written, damaged or not."""
        self.root.mkdir(parents=True, exist_ok=True)
        for name, content in self.copies.items():
            (self.root / name).write_bytes(content)
        manifest = Manifest(
            run_id=RUN_ID,
            harness_version="0.0",
            mode=self.mode,
            profile="demo",
            started_ns=START_NS,
            python="3.11",
            machine={"cpus": 2},
            plan=msgspec.convert(self.plan, Plan),
            criteria=self.criteria,
            copies=[
                CopyRecord(file=name, sha256=sha256(content).hexdigest(), redacted=False, original="")
                for name, content in self.copies.items()
            ],
            browsers=[
                BrowserRecord(browser_id="b1", product="Chrome/1", path="/usr/bin/chrome", kind="headless", pid=7)
            ],
            ending=self.ending,
        )
        declared = declared_digest(manifest).encode()
        content = {c: b"".join(lines).replace(DECLARED.encode(), declared) for c, lines in self.lines.items()}
        if manifest.ending is not None and not manifest.ending.channels:
            channels = {channel.value: sha256(lines).hexdigest() for channel, lines in content.items()}
            manifest.ending = msgspec.structs.replace(manifest.ending, channels=channels)
        write_manifest(self.paths, manifest)
        for channel, lines in content.items():
            if lines:
                self.paths.channel(channel).mkdir(parents=True, exist_ok=True)
                self.paths.segment(channel, 1).write_bytes(lines)
        return self.root

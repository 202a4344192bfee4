"""The event catalogue: every event's name, channel, fields and meaning. It is checked at each emit, drawn into the docs
and kept as a golden contract.

Field kinds: `id`, `name` (an enumerated or structural word), `count`, `integer` (it may be negative), `ms`, `s`, `bytes`,
`flag`, `table` (counts by name), and `text`: words that may come from pages, sites or people, which the redactor scans
for patterns, too. A `?` behind a kind says that the field may be left out, or be null.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from harness.runfolder.layout import Channel

FIELD_KINDS = frozenset({"id", "name", "count", "integer", "ms", "s", "bytes", "flag", "table", "text"})


class EventSpec(NamedTuple):
    """One event of the catalogue; `fields` maps a field's name to its kind, `text_fields` are those to be scanned."""

    name: str
    channel: Channel
    fields: Mapping[str, str]
    meaning: str
    text_fields: frozenset[str]


def _spec(channel: Channel, name: str, meaning: str, **fields: str) -> EventSpec:
    unknown = {kind for kind in fields.values() if kind.removesuffix("?") not in FIELD_KINDS}
    if unknown:
        raise ValueError(f"event {name}: unknown field kinds {sorted(unknown)}")
    text = frozenset(key for key, kind in fields.items() if kind.removesuffix("?") in {"text", "table"})
    return EventSpec(name, channel, MappingProxyType(fields), meaning, text)


_OP, _PERF, _DOM, _AUD = Channel.OPERATIONAL, Channel.PERFORMANCE, Channel.DOMAIN, Channel.AUDIT

_SPECS = (
    # --- operational: what the machinery did
    _spec(_OP, "run.started", "the run began to work", mode="name", profile="name", workers="count", browsers="count",
          duration_s="s"),
    _spec(_OP, "run.ended", "the run stopped working; set-up and evaluation are not in ran_s", reason="name", ran_s="s",
          detail="text"),
    _spec(_OP, "browser.started", "a browser answers on its endpoint", browser_id="id", cohort="id", product="name",
          pid="count", kind="name", startup_ms="ms"),
    _spec(_OP, "browser.state", "the lifecycle manager moved a browser to another state", browser_id="id", cohort="id",
          from_state="name", to_state="name", reason="text"),
    _spec(_OP, "browser.recycling", "a planned restart at a safe point: waiting for it, renewed, put off",
          browser_id="id", cohort="id", outcome="name", reason="text"),
    _spec(_OP, "browser.helper_restarted", "the browser restarted helper processes of its own: GPU, network, storage",
          browser_id="id", cohort="id", kind="name", count="count"),
    _spec(_OP, "browser.exited", "a browser process is gone", browser_id="id", cohort="id", pid="count",
          exit_code="integer?", planned="flag", stderr_tail="text"),
    _spec(_OP, "cdp.connected", "the connection to a browser stands", browser_id="id", cohort="id", generation="count",
          attempts="count"),
    _spec(_OP, "cdp.connection_lost", "a connection ended that nobody closed", browser_id="id", cohort="id",
          generation="count", cause="name", pending="count", detail="text"),
    _spec(_OP, "cdp.defect", "an error of ours ended a connection: a defect, with what it raised", browser_id="id",
          cohort="id", detail="text"),
    _spec(_OP, "reconnect.decision", "one decision of a reconnect: what was tried, how long it waits, what came of it",
          browser_id="id", cohort="id", attempt="count", wait_s="s", cause="name", outcome="name", detail="text",
          endpoint="id", scheme="name", role="name?"),
    _spec(_OP, "reconnect.gate", "the gate before an endpoint moved to another state: who waits probes, or is released",
          endpoint="id", from_state="name", to_state="name", waiting="count", reason="name"),
    _spec(_OP, "session.attached", "a session stands on a page target", browser_id="id", target_id="id",
          session_id="id", reattached="flag"),
    _spec(_OP, "session.lost", "a session ended that nobody closed", browser_id="id", target_id="id", session_id="id",
          cause="name"),
    _spec(_OP, "target.crashed", "the renderer of a page ended: by itself (crashed) or by a signal (killed)",
          browser_id="id", target_id="id", status="name", error_code="count"),
    _spec(_OP, "page.dialog", "a page opened a dialog, answered by policy", kind="name", message="text",
          accepted="flag"),
    _spec(_OP, "page.popup", "a page opened another, which is adopted, and closed with the spin", target_id="id",
          opener_id="id", outcome="name", detail="text"),
    _spec(_OP, "page.download", "a page's download began, was kept under its guid, or was given up", guid="id",
          outcome="name", suggested="text", url="text", size_bytes="bytes"),
    _spec(_OP, "page.http_auth", "a server asked for HTTP authentication: answered once, refused the second time",
          origin="text", outcome="name"),
    _spec(_OP, "page.load_stopped", "a navigation was given up before it was answered, and the page was told so",
          outcome="name", detail="text"),
    _spec(_OP, "worker.state", "a worker moved to another state", cohort="id", from_state="name", to_state="name"),
    _spec(_OP, "worker.died", "a worker ended by an error; its item goes back", cohort="id", error="text"),
    _spec(_OP, "worker.replaced", "a new worker took a dead worker's place", cohort="id", replaces="id"),
    _spec(_OP, "failure.recorded", "one failure of the failure matrix: category, root cause, containment",
          failure_id="id", category="name", cause="name", containment="name", operation="name", detail="text",
          method="name?", url="text?", injected="flag", browser_id="id"),
    _spec(_OP, "telemetry.dropped", "events were dropped since the last such event", dropped="table"),
    _spec(_OP, "leftovers.swept", "what a killed run left behind was removed at the start", processes="count",
          profiles="count"),
    _spec(_OP, "snapshot.failed", "a periodic figure could not be taken", error="text"),
    # --- performance: how long it took
    _spec(_PERF, "command.completed", "one CDP command was answered, refused, timed out or lost", method="name",
          duration_ms="ms", outcome="name", session_id="id"),
    _spec(_PERF, "step.completed", "one step of a path ended", action="name", duration_ms="ms", outcome="name",
          attempt="count"),
    _spec(_PERF, "phase.completed", "one phase of a path ended", duration_ms="ms", outcome="name"),
    _spec(_PERF, "spin.timed", "one spin ended; timed from its claim; wait_ms of it went by until page and leases stood",
          duration_ms="ms", outcome="name", wait_ms="ms"),
    _spec(_PERF, "lock.contended", "a scope was not free at once", scope="id", scope_kind="name", wait_ms="ms",
          queue="count", outcome="name"),
    _spec(_PERF, "lock.summary", "contention of one scope kind over the whole run", scope_kind="name", acquires="count",
          contended="count", wait_ms_p95="ms", wait_ms_max="ms", hold_ms_p95="ms"),
    _spec(_PERF, "run.snapshot", "periodic figures of the run", busy="count", spins="count", failures="count",
          p95_ms="ms", rss_bytes="bytes", cpu_s="s", browser_pss_bytes="bytes", loop_lag_ms="ms"),
    _spec(_PERF, "telemetry.summary", "what the pipeline wrote and dropped until now", emitted="table", dropped="table"),
    # --- domain: what was done for the user
    _spec(_DOM, "map.loaded", "a navigation map is part of this run", file="name", format="name", steps="count",
          drift="count"),
    _spec(_DOM, "map.drift", "one repair that a reader made", code="name", file="name", step="id?", field="name",
          found="text", done="text"),
    _spec(_DOM, "item.enqueued", "a work item was added to the queue", credential="id", priority="integer", key="id"),
    _spec(_DOM, "item.state", "a work item moved to another state", from_state="name", to_state="name",
          attempt="count", reason="name"),
    _spec(_DOM, "spin.started", "one pass of a work item along its path began", attempt="count", credential="id"),
    _spec(_DOM, "spin.ended", "the pass ended: completed, failed, unknown or cancelled; committed tells whether the site "
          "holds its effect: yes, no, or unknown", outcome="name", committed="name", attempt="count"),
    _spec(_DOM, "spin.reconciled", "the site was asked what it recorded for a spin", result="name", entries="count",
          detail="text"),
    _spec(_DOM, "step.fallback", "another selector than the recording's first one found the element",
          alternative="count", selector="text"),
    _spec(_DOM, "step.drift", "a recorded navigation looked different this time", field="name", expected="text",
          found="text"),
    _spec(_DOM, "step.branched", "a conditional chose where to go on", result="flag", goto="id"),
    _spec(_DOM, "site.recorded", "the site's own record holds this spin id", effects="count", account="id"),
    _spec(_DOM, "site.compared", "the site's record was read whole at the end of the run", entries="count",
          known="count", foreign="count", unnamed="count"),
    # --- audit: who might write, what was refused, what was done on purpose
    _spec(_AUD, "run.declared", "the digest of what the manifest said when the run began: all but browsers and ending",
          sha256="id"),
    _spec(_AUD, "lease.granted", "a scope has an owner", scope="id", owner="id", browser_id="id", reason="name",
          credential="id"),
    _spec(_AUD, "lease.released", "an owner gave a scope back", scope="id", owner="id", held_ms="ms", reason="name"),
    _spec(_AUD, "lease.revoked", "a scope was taken from its owner; its epoch is void", scope="id", owner="id",
          held_ms="ms", reason="name"),
    _spec(_AUD, "lease.expired", "a lease passed its deadline", scope="id", owner="id", held_ms="ms"),
    _spec(_AUD, "ownership.refused", "a write without a valid lease was refused before a byte was sent", scope="id",
          attempted_by="id", owner="id", method="name", lease_epoch="id", current_epoch="id"),
    _spec(_AUD, "ownership.invalid_transition", "an ownership transition that the table does not know was refused",
          scope="id", from_state="name", to_state="name", owner="id", attempted_by="id"),
    _spec(_AUD, "leases.closed", "the ownership table at the end of the run", granted="count", released="count",
          revoked="count", expired="count", open="count", refused="count"),
    _spec(_AUD, "hold.not_cleared", "a scope was given back although what it protects could not be cleared",
          scope_kind="name", detail="text"),
    _spec(_AUD, "secret.used", "a secret was put on a page, by reference", reference="id", action="name"),
    _spec(_AUD, "permission.granted", "a page's origin was given a permission", origin="text", permission="name"),
    _spec(_AUD, "fault.injected", "the run hurt itself on purpose", kind="name", browser_id="id"),
    _spec(_AUD, "fault.skipped", "a planned fault could not be made: its browser was not healthy", kind="name",
          browser_id="id"),
    _spec(_AUD, "sandbox.disabled", "a browser runs without its sandbox", browser_id="id", reason="text"),
    _spec(_AUD, "strategy.loaded", "a step strategy is part of this run", action="name", module="name"),
)  # fmt: skip

CATALOGUE: Mapping[str, EventSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""Every event that may be emitted, by name."""

if len(CATALOGUE) != len(_SPECS):
    raise ValueError("two events of the catalogue share a name")

"""docs/profiles.md holds a table of every key of a profile, drawn from the structs that validate it.

The text around the tables is written by hand; what stands between `<!-- keys -->` and `<!-- end of keys -->` is drawn.
Types, defaults and ranges come from the structs, meanings from the list below, which has to name exactly their keys.

    scripts/draw_profiles        draws the tables anew
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta, Struct

from scripts.checks.findings import ROOT, Finding, finish

DOCUMENT = "docs/profiles.md"
BEGIN, END = "<!-- keys -->\n", "<!-- end of keys -->"

TABLES = {
    "": ("Profile", "The profile itself", "These keys stand above the first table."),
    "run": ("RunSettings", "`[run]`", "How many, how long."),
    "browser": ("BrowserSettings", "`[browser]`", "The browsers that the run starts."),
    "site": ("SiteSettings", "`[site]`", "The site under test: the built-in one, or the origin of yours."),
    "credentials": ("CredentialSettings", "`[[credentials]]`", "One table for each identity that paths log in with."),
    "paths": ("PathSettings", "`[[paths]]`", "One table for each navigation map of the run."),
    "strategies": ("StrategySettings", "`[strategies]`", "What knows how to act; see [strategies](strategies.md)."),
    "reconnect": (
        "ReconnectPolicy",
        "`[reconnect]`, or a file of its own",
        "What follows the loss of a browser's connection; see [reconnecting](reconnect.md).",
    ),
    "recycle": (
        "RecyclePolicy",
        "`[recycle]`",
        "When a browser is renewed at a safe point though nothing is wrong with it.",
    ),
    "faults": ("PlannedFault", "`[[faults]]`", "One table for each fault that a burn-in makes on purpose."),
    "criteria": ("Thresholds", "`[criteria]`", "What a run is judged by; see [readiness](readiness.md)."),
    "criteria.p95_ms": ("PathSlo", "`[criteria.p95_ms.PATH]`", "Limits of one path, in ms, for the 95th percentile."),
}
"""Table -> its struct, its heading, and a line about it."""

MEANINGS = {
    "title": "what the profile is for, in a line",
    "reconnect": "name of a reconnect profile, path of its file relative to this one, or a table of its keys",
    "run.workers": "tasks that work at once, spread over the browsers; at most one page each",
    "run.browsers": "browser processes; at most as many as workers",
    "run.duration_s": "how long a burn-in works, draining not counted",
    "run.drain_s": "how long spins under way may finish afterwards",
    "run.snapshot_s": "how often the run's own figures are recorded",
    "run.spin_timeout_s": "deadline of a whole spin",
    "run.step_timeout_s": "deadline of a step, where neither step nor map says another",
    "run.lock_timeout_s": "how long a spin waits for its credential, its page, the clipboard",
    "run.hold_s": "how long a spin may keep the clipboard, or another scope that outlives a step",
    "run.seed": "makes mix and jitter repeatable; without it each run draws its own",
    "browser.headless": "false shows the windows, and needs a display",
    "browser.transport": (
        "how the harness talks to the browser: `websocket` outlives a lost connection; `pipe` costs half and opens no port,"
        " but its loss is the browser's"
    ),
    "browser.endpoints": (
        "DevTools addresses of browsers that run already (`ws://…/devtools/browser/…`, or `http://host:port`):"
        " they are attached to instead of launched, and never ended"
    ),
    "browser.flags": "command-line flags added to ours, like `--lang=de`; not those by which the browser is reached",
    "browser.command_timeout_s": "deadline of one command to the browser",
    "browser.start_timeout_s": "how long a browser may take to start",
    "site.builtin": "start the built-in site for the run; either this or `origin`",
    "site.origin": "scheme, host and port of your site, without a path",
    "site.misbehave": "rules by which the built-in site misbehaves, like `error500:/shop/cart`",
    "site.accounts": "accounts of the built-in site; each gets a password made for the run",
    "site.spin_header": "request header that carries the spin id, so that the site can record it",
    "site.spin_cookie": "cookie that carries the spin id; unlike the header, it is sent while the connection is lost, too",
    "site.ledger": "path of the site's record of effects; the harness asks it before it repeats anything",
    "site.allowed_origins": "further origins that steps may navigate to",
    "credentials.name": "what paths call it, and what logs show instead of its value",
    "credentials.site": "site that the account belongs to; with the account it is one identity, used by one worker at a time",
    "credentials.account": "the account's name, entered where a map asks for it",
    "credentials.secret": "reference to the secret: `env:NAME`, `file:PATH` (mode 600) or `site:ACCOUNT` (built-in site)",
    "paths.name": "the path's name in logs, reports and `--path`",
    "paths.map": "the map's file, relative to the profile",
    "paths.weight": "share of the mix in a burn-in, relative to the other paths",
    "paths.priority": "work items of a higher one are claimed first",
    "paths.attempts": "how often an item may be tried; an effect that may be there already is never tried again",
    "paths.credentials": "names of the credentials that the path uses, in turn",
    "paths.recorded_origin": "origin in the map that is replaced by the site's",
    "paths.bind": "text recorded in the map -> the credential's field that is entered instead",
    "paths.effect": "a spin leaves an effect on the site, such as an order",
    "strategies.packages": "Python packages to load strategies from",
    "strategies.folders": "folders, relative to the profile, to look in for packages that Python does not find by itself",
    "strategies.entry_points": "installed entry points (group `harness.strategies`) to load",
    "strategies.exclude": "names of strategies to leave out",
    "recycle.memory_mib": "memory of a browser with all its processes, above which it is renewed at a safe point",
    "recycle.after_s": "age at which a browser is renewed, give or take 10 %",
    "recycle.check_s": "how often both are looked at",
    "recycle.quiesce_s": "how long a safe point is waited for, with new spins held back, before it is put off",
    "reconnect.scheme": "who may try: one probe, then paced release; each in its slot of a cycle; each by itself",
    "reconnect.jitter": "how waits of `alone` are spread: in `full`, each is drawn from zero to its ceiling",
    "reconnect.base_s": "ceiling of the first wait; it doubles with each attempt, and between probes",
    "reconnect.cap_s": "no wait of `alone` is longer, no cycle of slots shorter",
    "reconnect.attempts": "tries to reach the same browser, before another one is started",
    "reconnect.connect_timeout_s": "deadline of one try",
    "reconnect.give_up_s": "deadline of the whole reconnect, waiting for one's turn included",
    "reconnect.stagger_window_s": "`alone`: browsers that lose their connections together spread their first tries over it",
    "reconnect.restarts_per_hour": "a browser that needs more is given up",
    "reconnect.release_per_s": "R: tries a second on one server host, by all hosts of the fleet together",
    "reconnect.capacity_per_s": "measured connections a second that the server takes; R is at most 0.9 of it; 0: unknown",
    "reconnect.hosts": "harness hosts that share the servers; each takes its share of R, probes and budgets",
    "reconnect.probe_every_s": "time between two probes of an endpoint, at most; five may come sooner",
    "reconnect.failures_to_open": "releases in a row that fail before an endpoint is probed again",
    "reconnect.slot_s": "`cohort-slots`: length of a slot",
    "reconnect.fleet_size": "`cohort-slots`: browsers of all hosts together; 0: those of this process",
    "reconnect.host_retries_per_min": "budget of tries on one server host that no successful probe let in; 0: none",
    "reconnect.host_retry_burst": "so many of them may come at once",
    "reconnect.fleet_retries_per_min": "the same over all server hosts",
    "reconnect.fleet_retry_burst": "so many of them may come at once",
    "faults.at_s": "when, counted from the beginning of the work",
    "faults.kind": "`cut` drops the connection, `kill` kills the process",
    "faults.browser": "which browser, counted from 1",
    "criteria.error_rate_max": "share of spins that may fail or stay unknown; cancelled ones are left out",
    "criteria.min_spins": "with fewer, the error rate cannot pass",
    "criteria.min_spins_per_path": "with fewer, a path's latency is not judged",
    "criteria.p95_ms": "limits by path, see below",
    "criteria.p95_default_ms": "limit of every path and phase without one",
    "criteria.min_throughput_per_min": "completed spins per minute, all workers together",
    "criteria.min_throughput_per_worker_per_min": "completed spins per minute, each worker",
    "criteria.min_worker_s": "a worker that worked for less is not judged by its throughput",
    "criteria.max_unknown_spins": "spins of which nobody knows whether the site holds their effect, after asking it",
    "criteria.max_refused_after_revocation": "refused writes under a lease that a lost connection had taken away",
    "criteria.max_disconnects_per_browser_hour": "lost connections that no fault of the run's own explains",
    "criteria.duration_tolerance": "share of the planned duration that may be missing",
    "criteria.site_is_shared": "others use the site, too: its record may hold entries that are not this run's",
    "criteria.p95_ms.total": "limit of a whole spin",
    "criteria.p95_ms.phases": "limits of phases by name",
}
"""Key -> meaning."""


def draw() -> str:
    """All tables, as Markdown. ValueError when the meanings do not name exactly the keys that there are."""
    drawn = "\n".join("\n".join(_table(name)) for name in TABLES)
    known = {key for name in TABLES for key, _, _ in _keys(name)}
    if known != MEANINGS.keys():
        raise ValueError(f"keys without a meaning, or meanings without a key: {sorted(known ^ MEANINGS.keys())}")
    return drawn


def _struct(name: str) -> type[Struct]:
    # Imported here, so that a broken module hides this check and not all of them.
    from harness.burnin.faults import PlannedFault
    from harness.cdp.reconnecting.policy import ReconnectPolicy
    from harness.readiness.slo import PathSlo, Thresholds
    from harness.settings import profile

    found: dict[str, type[Struct]] = {
        kind.__name__: kind for kind in (PlannedFault, ReconnectPolicy, PathSlo, Thresholds)
    }
    return found.get(name) or getattr(profile, name)


def _keys(table: str) -> Iterator[tuple[str, str, Any]]:
    """(whole key, field, annotation) of each key that is no table of its own."""
    struct = _struct(TABLES[table][0])
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        key = f"{table}.{field.encode_name}".removeprefix(".")
        if table or key not in TABLES or field.encode_name in MEANINGS:
            yield key, field.encode_name, hints[field.name]


def _table(name: str) -> Iterator[str]:
    kind, heading, line = TABLES[name]
    defaults = {field.encode_name: _default(field) for field in msgspec.structs.fields(_struct(kind))}
    yield from (f"### {heading}", "", line, "", "| key | type | default | meaning |", "|---|---|---|---|")
    for key, field, annotation in _keys(name):
        type_name, limits = _type(annotation)
        text = f"{type_name}, {limits}" if limits else type_name
        yield f"| `{field}` | {text} | {defaults[field]} | {MEANINGS.get(key, '')} |"
    yield ""


def _default(field: msgspec.structs.FieldInfo) -> str:
    default = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    if default is NODEFAULT:
        return "(required)"
    if default is None or default in ("", (), {}):
        return "–"
    return f"`{msgspec.json.encode(default).decode()}`"  # what these types are in JSON, they are in TOML


_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _type(annotation: Any) -> tuple[str, str]:
    """A type in words, and its limits."""
    limits = [_limits(meta) for meta in getattr(annotation, "__metadata__", ())]
    if limits:
        name, inner = _type(annotation.__origin__)
        return name, "; ".join(filter(None, [inner, *limits]))
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in _NAMES:
        return _NAMES[annotation], ""
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments), ""
    if origin is tuple:
        return f"list of {_type(arguments[0])[0]}", ""
    if origin is dict:
        value = arguments[1]
        is_table = isinstance(value, type) and issubclass(value, Struct)
        return ("tables by name" if is_table else f"table of text to {_type(value)[0]}"), ""
    return _type(next(argument for argument in arguments if argument is not type(None)))  # `X | None`


def _limits(meta: Meta) -> str:
    signs = (("> ", meta.gt), ("≥ ", meta.ge), ("< ", meta.lt), ("≤ ", meta.le))
    return ", ".join(f"{sign}{limit:,}".replace(",", " ") for sign, limit in signs if limit is not None)


def replaced(text: str) -> str:
    """The document with its tables drawn anew; ValueError when it has no place for them."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise ValueError(f"{DOCUMENT} needs one {BEGIN.strip()} and, after it, one {END}")
    return re.sub(re.escape(BEGIN) + ".*" + re.escape(END), lambda _: f"{BEGIN}{draw()}\n{END}", text, flags=re.DOTALL)


def check(root: Path) -> Iterator[Finding]:
    """Whether the document holds the tables as they would be drawn now."""
    document = root / DOCUMENT
    if not document.is_file():
        yield Finding(DOCUMENT, 0, "does not exist")
        return
    text = document.read_text(encoding="utf-8")
    try:
        if replaced(text) != text:
            yield Finding(DOCUMENT, 0, "its tables are not those of the code; run scripts/draw_profiles")
    except ValueError as error:
        yield Finding(DOCUMENT, 0, str(error))


if __name__ == "__main__":
    if sys.argv[1:] == ["--draw"]:
        place = ROOT / DOCUMENT
        place.write_text(replaced(place.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        finish(check)

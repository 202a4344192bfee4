"""Our own form, `{"format": "harness-map", "version": 1}`: strict about types, tolerant about unknown fields.

A step's own fields are those of the model; whatever else it carries are its strategy's params and pass untouched.
"""

from __future__ import annotations

import difflib
from typing import Any, Final, NamedTuple

from harness.navigation.map import AssertedNavigation, Conditional, NavigationMap, Phase, Step
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.gates import check_steps, read_gates
from harness.navigation.readers.names import check_name, snake_case, title_of
from harness.navigation.readers.phases import MAX_RETRIES, distinct_name, marked_credential
from harness.navigation.readers.places import read_place
from harness.navigation.readers.report import DriftReport, kind_of
from harness.navigation.readers.texts import read_text
from harness.navigation.readers.viewport import read_viewport

FORMAT: Final = "harness-map"
VERSION: Final = 1
MIN_TIMEOUT_S: Final = 0.001
MAX_TIMEOUT_S: Final = 30.0
MAX_DEADLINE_S: Final = 3600.0
_STEP_FIELDS: Final = ("id", "action", "on", "selectors", "frame", "at", "text", "credential", "timeout_s", "asserted")
_STEP_FIELDS_LATER: Final = ("verify", "conditional", "delay_s", "retries", "commits", "target")


def read_harness_map(root: dict[str, Any], report: DriftReport) -> NavigationMap:
    """The map of our own form; raises MapError for another version, a wrong type, a repeated id, a goto to nowhere."""
    fields = Fields(root, report)
    fields.take("format")
    version = fields.whole("version")
    if version != VERSION:
        raise fields.wrong("version", f"is {version}; this harness reads version {VERSION}")
    title = title_of(fields.text("title", empty=True), report)
    viewport = fields.inner("viewport")
    timeout_s = fields.number("timeout_s", MIN_TIMEOUT_S, MAX_TIMEOUT_S)
    names: set[str] = set()
    phases = tuple(_phase(raw, position, names, report) for position, raw in enumerate(fields.array("phases") or [], 1))
    if not phases:
        raise fields.wrong("phases", "is missing or empty: a map needs at least one step")
    check_steps((step for phase in phases for step in phase.steps), report)
    return NavigationMap(
        title=title,
        phases=phases,
        source=report.file,
        format=FORMAT,
        viewport=None if viewport is None else _viewport(viewport),
        timeout_s=timeout_s,
        extra=fields.report_rest("unknown_root_field", "kept, not used"),
    )


def _viewport(fields: Fields) -> Any:
    viewport = read_viewport(fields, camel=False)
    fields.report_rest("unknown_viewport_field", "left out")
    return viewport


def _phase(raw: Any, position: int, names: set[str], report: DriftReport) -> Phase:
    if not isinstance(raw, dict):
        raise report.refuse(f"is {kind_of(raw)}, not a phase", field=f"phases[{position - 1}]")
    fields = Fields(raw, report, prefix=f"phases[{position - 1}].")
    name = fields.text("name")
    if name is None:
        raise fields.missing("name")
    check_name(name, report, field=fields.prefix + "name")
    name = distinct_name(name, names, report)
    steps = tuple(_step(step, number, name, report) for number, step in enumerate(fields.array("steps") or [], 1))
    if not steps:
        raise fields.wrong("steps", "is missing or empty: a phase needs at least one step")
    credential = fields.flag("credential")
    deadline_s = fields.number("deadline_s", MIN_TIMEOUT_S, MAX_DEADLINE_S)
    phase = Phase(
        name, steps, deadline_s, bool(credential), fields.report_rest("unknown_phase_field", "kept, not used")
    )
    return phase if credential is not None else marked_credential(phase)


class _Verify(NamedTuple):
    entry: Any = ()
    exit: Any = ()


def _step(raw: Any, number: int, phase: str, report: DriftReport) -> Step:
    where = f"{phase} #{number}"
    if not isinstance(raw, dict):
        raise report.refuse(f"is {kind_of(raw)}, not a step", step=where)
    step_id = Fields(raw, report, where).text("id")
    if step_id is None:
        raise report.refuse("is missing", step=where, field="id")
    check_name(step_id, report, step=where, field="id")
    fields = Fields(raw, report, step_id)
    fields.take("id")
    action = fields.text("action")
    if action is None:
        raise fields.missing("action")
    if snake_case(action) != action:
        raise fields.wrong("action", f"must be in snake_case; perhaps {snake_case(action)!r} is meant")
    verify = _verify(fields)
    return Step(
        id=step_id,
        action=action,
        place=read_place(fields),
        text=read_text(fields),
        timeout_s=fields.number("timeout_s", MIN_TIMEOUT_S, MAX_TIMEOUT_S),
        asserted=_asserted(fields),
        entry=verify.entry,
        exit=verify.exit,
        conditional=_conditional(fields),
        delay_s=fields.number("delay_s", 0, MAX_TIMEOUT_S) or 0.0,
        retries=fields.whole("retries", 0, MAX_RETRIES) or 0,
        commits=bool(fields.flag("commits")),
        target=fields.text("target") or "main",
        params=_params(fields),
    )


def _verify(fields: Fields) -> _Verify:
    inner = fields.inner("verify")
    if inner is None:
        return _Verify()
    gates = _Verify(read_gates(inner, "entry"), read_gates(inner, "exit"))
    inner.report_rest("unknown_step_field", "left out")
    return gates


def _asserted(fields: Fields) -> AssertedNavigation | None:
    inner = fields.inner("asserted")
    if inner is None:
        return None
    asserted = AssertedNavigation(inner.text("url", empty=True) or "", inner.text("title", empty=True) or "")
    inner.report_rest("unknown_step_field", "left out")
    return asserted


def _conditional(fields: Fields) -> Conditional | None:
    inner = fields.inner("conditional")
    if inner is None:
        return None
    expression = inner.text("expression")
    if expression is None:
        raise inner.missing("expression")
    conditional = Conditional(expression, inner.text("on_true"), inner.text("on_false"))
    inner.report_rest("unknown_step_field", "left out")
    return conditional


def _params(fields: Fields) -> dict[str, Any]:
    """Everything that is no field of a step, untouched; a near miss of such a field is told, since it has no effect."""
    own = (*_STEP_FIELDS, *_STEP_FIELDS_LATER)
    params = fields.rest()
    for name in params:
        nearest = difflib.get_close_matches(snake_case(name), own, n=1, cutoff=0.75)
        if nearest:
            done = f"kept as a param of the action; perhaps {nearest[0]} is meant"
            fields.drift("unknown_step_field", name, found=kind_of(params[name]), done=done)
    return params

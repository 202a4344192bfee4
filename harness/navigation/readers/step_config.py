"""The older `step-config` form: a flat list of steps with `stepId`, `phase`, `action` and a `verification`.

Consecutive steps of one phase form that phase. Text gates are prose. Where a conditional names no expression of its
own, the older form branched on its exit gate: that gate becomes the condition and no longer fails the step.
"""

from __future__ import annotations

import itertools
from typing import Any, Final, NamedTuple

from harness.navigation.map import Chain, Conditional, Gate, NavigationMap, Phase, Place, Step, Text
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.gates import check_steps, read_gates
from harness.navigation.readers.names import action_name, check_name, numbered_id, snake_case, title_of
from harness.navigation.readers.phases import MAX_RETRIES, distinct_name, marked_credential
from harness.navigation.readers.places import placed, read_frame, read_pair
from harness.navigation.readers.report import DriftReport, kind_of
from harness.navigation.readers.selectors import read_selectors
from harness.navigation.readers.texts import read_text, text_of
from harness.navigation.readers.viewport import read_viewport

FORMAT: Final = "step-config"
FIRST_PHASE: Final = "Main"
MIN_TIMEOUT_MS: Final = 1
MAX_TIMEOUT_MS: Final = 30_000
_PARAMS: Final = (
    *("url", "key", "button", "deviceType", "expression", "x", "y", "width", "height", "scale", "name"),
    *("deviceScaleFactor", "isMobile", "hasTouch", "isLandscape"),
    *("operator", "count", "visible", "properties", "attributes"),
)


def read_step_config(root: dict[str, Any], report: DriftReport) -> NavigationMap:
    """The map of the older form; `root["steps"]` is a list with at least one step (the caller saw to both)."""
    fields = Fields(root, report)
    name = fields.text("name", empty=True)
    title = title_of(name or fields.text("title", empty=True), report)
    viewport = fields.inner("viewport")
    timeout_s = fields.seconds("timeoutMs", MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
    steps: list[tuple[str, Step]] = []
    for position, raw in enumerate(fields.array("steps") or [], 1):
        steps.append(_step(raw, position, steps[-1][0] if steps else FIRST_PHASE, report))
    check_steps((step for _, step in steps), report)
    names: set[str] = set()
    phases = tuple(
        marked_credential(Phase(distinct_name(phase, names, report), tuple(step for _, step in group)))
        for phase, group in itertools.groupby(steps, key=lambda pair: pair[0])
    )
    return NavigationMap(
        title=title,
        phases=phases,
        source=report.file,
        format=FORMAT,
        viewport=None if viewport is None else read_viewport(viewport, camel=True),
        timeout_s=timeout_s,
        extra=fields.report_rest("unknown_root_field", "kept, not used"),
    )


def _step(raw: Any, position: int, last_phase: str, report: DriftReport) -> tuple[str, Step]:
    if not isinstance(raw, dict):
        raise report.refuse(f"is {kind_of(raw)}, not a step", step=f"{position}")
    unnamed = Fields(raw, report, f"{position}")
    action_text = unnamed.text("action")
    if action_text is None:
        raise unnamed.missing("action")
    action = action_name(action_text, report, f"{position}", "action")
    fields = Fields(raw, report, _step_id(unnamed, position, action))
    for taken in ("action", "stepId"):
        fields.take(taken)
    phase = fields.text("phase")
    if phase is None:
        fields.drift("missing_phase", "phase", found="no phase", done=f"belongs to {last_phase}")
    phase = check_name(phase or last_phase, report, step=fields.step, field="phase")
    gates = _verification(fields)
    conditional, exit_gates = _conditional(fields, gates.exit)
    return phase, Step(
        id=fields.step,
        action=action,
        place=_place(fields),
        text=_text(fields),
        timeout_s=fields.seconds("timeoutMs", MIN_TIMEOUT_MS, MAX_TIMEOUT_MS),
        entry=gates.entry,
        exit=exit_gates,
        conditional=conditional,
        delay_s=fields.seconds("delayMs", 0, MAX_TIMEOUT_MS) or 0.0,
        retries=fields.whole("retries", 0, MAX_RETRIES) or 0,
        commits=bool(fields.flag("commits")),
        target=fields.text("target") or "main",
        params=_params(fields, action),
        extra=fields.report_rest("unknown_step_field", "kept, not used"),
    )


def _step_id(fields: Fields, position: int, action: str) -> str:
    raw = fields.take("stepId")
    if isinstance(raw, int) and not isinstance(raw, bool):
        fields.drift("number_as_id", "stepId", found=f"{raw}", done="read as text")
        return str(raw)
    step_id = fields.text("stepId")
    if step_id is None:
        made = numbered_id(position, action)
        fields.drift("missing_step_id", "stepId", found="no stepId", done=f"called {made}")
        return made
    return check_name(step_id, fields.report, step=fields.step, field="stepId")


def _place(fields: Fields) -> Place:
    selectors = _selectors(fields)
    frame = read_frame(fields)
    at = fields.inner("coordinates")
    if at is None:
        return Place(selectors, frame)
    relative, pixels = read_pair(at, "rx", "ry", 0, 1), read_pair(at, "x", "y")
    if relative is None and pixels is None:
        raise fields.wrong("coordinates", "must have rx and ry, or x and y")
    if relative is not None and pixels is not None:
        fields.drift("two_positions", "coordinates", found="rx, ry and x, y", done="rx, ry count: they fit every size")
        pixels = None
    at.report_rest("unknown_step_field", "left out")
    return placed(selectors, frame, relative, pixels)


def _selectors(fields: Fields) -> tuple[Chain, ...]:
    one = fields.text("selector")
    several = read_selectors(fields)
    return (((one,),) if one is not None and (one,) not in several else ()) + several


def _text(fields: Fields) -> Text | None:
    value = fields.text("value", empty=True)
    if value is None:
        return read_text(fields, placeholders=True)
    if "text" in fields:
        raise fields.wrong("text", "stands beside value: only one of them can be entered")
    return text_of(value, fields, "value")


class _Gates(NamedTuple):
    entry: tuple[Gate, ...] = ()
    exit: tuple[Gate, ...] = ()


def _verification(fields: Fields) -> _Gates:
    inner = fields.inner("verification")
    if inner is None:
        return _Gates()
    gates = _Gates(read_gates(inner, "entryGate"), read_gates(inner, "exitGate"))
    inner.report_rest("unknown_step_field", "left out")
    return gates


def _conditional(fields: Fields, exit_gates: tuple[Gate, ...]) -> tuple[Conditional | None, tuple[Gate, ...]]:
    inner = fields.inner("conditional")
    if inner is None:
        return None, exit_gates
    expression = inner.text("expression")
    on_true, on_false = _goto(inner, "onTrue"), _goto(inner, "onFalse")
    inner.report_rest("unknown_step_field", "left out")
    if expression is not None:
        return Conditional(expression, on_true, on_false), exit_gates
    conditions = [gate for gate in exit_gates if gate.kind == "expression"]
    if len(conditions) != 1:
        raise fields.wrong("conditional", "has no expression, and the exit gate is not one expression to branch on")
    fields.drift("conditional_on_exit_gate", "conditional", found="no expression", done="branches on the exit gate")
    left = tuple(gate for gate in exit_gates if gate is not conditions[0])
    return Conditional(conditions[0].value, on_true, on_false), left


def _goto(fields: Fields, name: str) -> str | None:
    if not isinstance(fields.take(name), dict):
        return fields.text(name)
    inner = fields.inner(name)
    assert inner is not None
    goto = inner.text("goto")
    if goto is None:
        raise inner.missing("goto")
    inner.report_rest("unknown_step_field", "left out")
    return goto


def _params(fields: Fields, action: str) -> dict[str, Any]:
    params = {snake_case(name): fields.take(name) for name in _PARAMS if name in fields}
    duration_s = fields.seconds("durationMs", 0, MAX_TIMEOUT_MS)
    if duration_s is not None:
        params["duration_s"] = duration_s
    hold_s = fields.seconds("holdMs", 0, MAX_TIMEOUT_MS)
    if hold_s is not None:
        # A click that is held is what the Recorder calls a click with a duration.
        params["duration_s" if action in ("click", "double_click") else "hold_s"] = hold_s
    return params

"""Chrome DevTools Recorder exports (the schema of `@puppeteer/replay` 4), as they are found in the wild.

A recording knows no phases: its steps form one, named `Replay`. Params keep the Recorder's meaning under snake_case
names, with seconds for milliseconds. A `text` or `credential` among the parameters of a customStep becomes the step's
text, as in our own form, so that `clip` reads alike in both.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from harness.navigation.map import AssertedNavigation, NavigationMap, Phase, Place, Step, Text, Viewport
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.names import action_name, numbered_id, snake_case, title_of
from harness.navigation.readers.places import read_frame
from harness.navigation.readers.report import DriftReport, kind_of
from harness.navigation.readers.selectors import read_selectors
from harness.navigation.readers.texts import read_text
from harness.navigation.readers.viewport import read_viewport

FORMAT: Final = "recorder"
PHASE: Final = "Replay"
MIN_TIMEOUT_MS: Final = 1
MAX_TIMEOUT_MS: Final = 30_000
_BUTTONS: Final = ("primary", "auxiliary", "secondary", "back", "forward")
_DEVICES: Final = ("mouse", "pen", "touch")


def _no_params(_: Fields) -> dict[str, Any]:
    return {}


def _navigate(fields: Fields) -> dict[str, Any]:
    return {"url": _required(fields, "url")}


def _set_viewport(fields: Fields) -> dict[str, Any]:
    viewport = read_viewport(fields, camel=True, recorded=True)
    return {name: getattr(viewport, name) for name in viewport.__struct_fields__}


def _click(fields: Fields) -> dict[str, Any]:
    return _given(
        button=fields.choice("button", _BUTTONS),
        device_type=fields.choice("deviceType", _DEVICES),
        duration_s=fields.seconds("duration", 0, MAX_TIMEOUT_MS),
    )


def _key(fields: Fields) -> dict[str, Any]:
    return {"key": _required(fields, "key")}


def _scroll(fields: Fields) -> dict[str, Any]:
    return {"x": fields.number("x") or 0.0, "y": fields.number("y") or 0.0}


def _wait_for_element(fields: Fields) -> dict[str, Any]:
    return _given(
        operator=fields.choice("operator", (">=", "==", "<=")),
        count=fields.whole("count", 0, 1_000_000),
        visible=fields.flag("visible"),
        properties=fields.mapping("properties"),
        attributes=fields.mapping("attributes"),
    )


def _wait_for_expression(fields: Fields) -> dict[str, Any]:
    return {"expression": _required(fields, "expression")}


def _network(fields: Fields) -> dict[str, Any]:
    latency_s = fields.seconds("latency", 0, 600_000)
    rates = {name: fields.number(name, -1) for name in ("download", "upload")}
    for name, value in (*rates.items(), ("latency", latency_s)):
        if value is None:
            raise fields.missing(name)
    return {
        "download_bytes_per_s": rates["download"],
        "upload_bytes_per_s": rates["upload"],
        "latency_s": latency_s,
    }


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _required(fields: Fields, name: str) -> str:
    value = fields.text(name)
    if value is None:
        raise fields.missing(name)
    return value


class StepType(NamedTuple):
    """How one step type is read. `element`: whether it needs selectors, may have them, or has none; `aimed`: it has
    offsets; `targeted`: DevTools writes a `target`; `framed`: it has a `frame`."""

    params: Callable[[Fields], dict[str, Any]]
    element: str = "none"
    aimed: bool = False
    targeted: bool = False
    framed: bool = False


STEP_TYPES: Final[dict[str, StepType]] = {
    "navigate": StepType(_navigate),
    "setViewport": StepType(_set_viewport),
    "click": StepType(_click, "needed", aimed=True, targeted=True, framed=True),
    "doubleClick": StepType(_click, "needed", aimed=True, targeted=True, framed=True),
    "hover": StepType(_no_params, "needed", targeted=True, framed=True),
    "change": StepType(_no_params, "needed", targeted=True, framed=True),
    "keyDown": StepType(_key, targeted=True),
    "keyUp": StepType(_key, targeted=True),
    "scroll": StepType(_scroll, "possible", targeted=True, framed=True),
    "waitForElement": StepType(_wait_for_element, "needed", targeted=True, framed=True),
    "waitForExpression": StepType(_wait_for_expression, framed=True),
    "emulateNetworkConditions": StepType(_network),
    "close": StepType(_no_params),
    "customStep": StepType(_no_params, framed=True),
}
_NAMES_ELSEWHERE: Final = {
    **dict.fromkeys(("fill", "type", "input", "select", "check"), "change"),
    **dict.fromkeys(("press", "keypress"), "keyDown"),
    **dict.fromkeys(("wait", "waitafter", "waitforselector"), "waitForElement"),
    "goto": "navigate",
    "mouseover": "hover",
    "tap": "click",
    "waitforfunction": "waitForExpression",
}
_UNKNOWN: Final = StepType(_no_params, "possible", framed=True)


def read_recorder(root: dict[str, Any], report: DriftReport) -> NavigationMap:
    """The map of a recording; `root["steps"]` is a list with at least one step (the caller saw to both)."""
    fields = Fields(root, report)
    title = title_of(fields.text("title", empty=True), report)
    timeout_s = fields.seconds("timeout", MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
    attribute = fields.text("selectorAttribute", empty=True)
    raw_steps = fields.array("steps") or []
    extra = fields.report_rest("unknown_root_field", "kept, not used")
    if attribute:
        extra["selector_attribute"] = attribute
    steps = tuple(_Reader(report).step(raw, position) for position, raw in enumerate(raw_steps, 1))
    _report_whole(steps, report)
    return NavigationMap(title, (Phase(PHASE, steps),), report.file, FORMAT, _first_viewport(steps), timeout_s, extra)


class _Reader:
    """Reads one step after another."""

    def __init__(self, report: DriftReport) -> None:
        self._report = report

    def step(self, raw: Any, position: int) -> Step:
        if not isinstance(raw, dict):
            raise self._report.refuse(f"is {kind_of(raw)}, not a step", step=f"{position}")
        type_fields = Fields(raw, self._report, f"{position}")
        type_name = _required(type_fields, "type")
        known = STEP_TYPES.get(type_name)
        action = action_name(
            _required(type_fields, "name") if type_name == "customStep" else type_name,
            self._report,
            f"{position}",
            "name" if type_name == "customStep" else "type",
        )
        fields = Fields(raw, self._report, numbered_id(position, action))
        fields.take("type")
        if known is None:
            self._report_unknown(fields, type_name, action)
        return self._read(fields, type_name, action, known or _UNKNOWN)

    def _read(self, fields: Fields, type_name: str, action: str, kind: StepType) -> Step:
        timeout_s = fields.seconds("timeout", MIN_TIMEOUT_MS, MAX_TIMEOUT_MS)
        target = fields.text("target")
        if target is None and kind.targeted:
            fields.drift("missing_target", "target", found="no target", done="the main page")
        asserted, events = _asserted(fields, navigates=type_name == "navigate")
        place = _place(fields, type_name, kind)
        params = kind.params(fields)
        text = None
        if type_name == "customStep":
            fields.take("name")
            params, text = _custom(fields)
        elif type_name == "change":
            text = Text(literal=_value(fields))
        elif type_name not in STEP_TYPES:
            params, text = _foreign(fields)
        extra = fields.report_rest("unknown_step_field", "kept, not used")
        if events:
            extra["asserted_events"] = events
        return Step(fields.step, action, params, place, text, timeout_s, asserted, target=target or "main", extra=extra)

    def _report_unknown(self, fields: Fields, type_name: str, action: str) -> None:
        nearest = nearest_type(type_name)
        advice = f"the nearest known type is {nearest}" if nearest else "no known type is near it"
        fields.drift("unknown_step_type", "type", found=type_name, done=f"kept as action {shortened(action)}; {advice}")


def nearest_type(type_name: str) -> str | None:
    """The known step type that an unknown one most likely means: by its name in other tools, else by its letters."""
    names = {name.lower(): name for name in STEP_TYPES} | _NAMES_ELSEWHERE
    near = difflib.get_close_matches(type_name[:100].lower(), names, n=1, cutoff=0.6)
    return names[near[0]] if near else None


def shortened(action: str) -> str:
    """An action's name, short enough to leave room for the advice that follows it."""
    return action if len(action) <= 24 else action[:23] + "…"


def _place(fields: Fields, type_name: str, kind: StepType) -> Place:
    frame = read_frame(fields) if kind.framed else ()
    if kind.element == "none":
        return Place(frame=frame)
    selectors = read_selectors(fields)
    if kind.element == "needed" and not selectors:
        raise fields.wrong("selectors", f"is missing or empty, and {type_name} acts on an element")
    if len(selectors) == 1:
        fields.drift(
            "single_selector", "selectors", found=selectors[0][-1], done="kept; there is no other to fall back to"
        )
    return Place(selectors, frame, _offset(fields) if kind.aimed else None)


def _offset(fields: Fields) -> tuple[float, float] | None:
    x, y = fields.number("offsetX"), fields.number("offsetY")
    if x is not None and y is not None:
        return x, y
    absent = "offsetX" if x is None else "offsetY"
    found = "no offsets" if x is None and y is None else f"no {absent}"
    fields.drift("missing_offsets", absent, found=found, done="the element's centre")
    return None


def _value(fields: Fields) -> str:
    value = fields.text("value", empty=True)
    if value is None:
        raise fields.missing("value")
    return value


def _custom(fields: Fields) -> tuple[dict[str, Any], Text | None]:
    parameters = fields.inner("parameters")
    if parameters is None:
        return {}, None
    text = read_text(parameters)
    return parameters.rest(), text


def _foreign(fields: Fields) -> tuple[dict[str, Any], Text | None]:
    """What a step of an unknown type carries: its `value` as text, everything else for the strategy of that name."""
    value = fields.take("value")
    params = {} if isinstance(value, str) or value is None else {"value": value}
    for name in fields.rest():
        params[snake_case(name) or name] = fields.take(name)
    return params, Text(literal=value) if isinstance(value, str) else None


def _asserted(fields: Fields, *, navigates: bool) -> tuple[AssertedNavigation | None, list[Any]]:
    """The navigation that the step is to cause, and the asserted events that nobody knows."""
    events = fields.array("assertedEvents")
    if not events:
        if navigates:
            fields.drift("navigate_without_assertion", "assertedEvents", found="none", done="the navigation is awaited")
        return None, []
    asserted: list[AssertedNavigation] = []
    unknown: list[Any] = []
    for position, event in enumerate(events):
        if not isinstance(event, dict) or event.get("type") != "navigation":
            fields.drift("unknown_asserted_event", "assertedEvents", found=kind_of(event), done="kept, not awaited")
            unknown.append(event)
            continue
        inner = Fields(event, fields.report, fields.step, f"assertedEvents[{position}].")
        inner.take("type")
        url, title = inner.text("url", empty=True), inner.text("title", empty=True)
        if title == "":
            inner.drift("empty_asserted_title", "title", found="an empty title", done="asserts nothing about the title")
        inner.report_rest("unknown_step_field", "left out")
        asserted.append(AssertedNavigation(url or "", title or ""))
    if len(asserted) > 1:
        found = f"{len(asserted)} navigations"
        fields.drift("several_asserted_navigations", "assertedEvents", found=found, done="the last one counts")
    return (asserted[-1] if asserted else None), unknown


def _first_viewport(steps: tuple[Step, ...]) -> Viewport | None:
    viewports = (Viewport(**step.params) for step in steps if _is_typed(step, "set_viewport"))
    return next((viewport for viewport in viewports if viewport.width and viewport.height), None)


def _is_typed(step: Step, action: str) -> bool:
    """Whether the step has this action by its type; a customStep of the same name carries other params."""
    return step.action == action and (action != "set_viewport" or set(step.params) == set(Viewport.__struct_fields__))


def _report_whole(steps: tuple[Step, ...], report: DriftReport) -> None:
    """What only the whole recording shows."""
    viewport_at = next((n for n, step in enumerate(steps, 1) if _is_typed(step, "set_viewport")), None)
    if viewport_at != 1:
        done = (
            f"the viewport of step {viewport_at} holds from the start"
            if viewport_at
            else "the default viewport is used"
        )
        report.add("no_leading_viewport", found=f"first step is {shortened(steps[0].action)}", done=done)
    if not any(step.action == "navigate" for step in steps):
        report.add("no_navigate", found="no navigate step", done="starts on the page that is open")
    offsets = [step.place.offset for step in steps if step.place.offset is not None]
    fractional = sum(not (x.is_integer() and y.is_integer()) for x, y in offsets)
    if fractional:
        report.add("fractional_offset", field="offsetX", found=f"{fractional} steps", done="kept as recorded")
    _report_keys(steps, report)


def _report_keys(steps: tuple[Step, ...], report: DriftReport) -> None:
    held: dict[str, str] = {}
    for step in steps:
        key = step.params.get("key")
        if not isinstance(key, str):
            continue
        if step.action == "key_down":
            if key in held:  # pressed again while down: the first press is the one without an end
                continue
            held[key] = step.id
        elif step.action == "key_up" and held.pop(key, None) is None:
            report.add(
                "unbalanced_keys", step=step.id, field="key", found=f"{key} goes up", done="kept; it was not down"
            )
    for key, step_id in held.items():
        report.add("unbalanced_keys", step=step_id, field="key", found=f"{key} stays down", done="released at the end")

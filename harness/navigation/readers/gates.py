"""Gates and conditionals as our own form and the step-config form write them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from harness.navigation.map import Conditional, Gate, Step
from harness.navigation.readers.fields import Fields
from harness.navigation.readers.report import DriftReport, kind_of

_KINDS: Final = ("expression", "selector", "url")


def read_gates(fields: Fields, name: str) -> tuple[Gate, ...]:
    """One gate or a list of them: an object with one of expression, selector, url; or prose.

    Prose is kept for people and never evaluated (drift: `prose_gate`), also where it looks like code.
    """
    raw = fields.take(name)
    if raw is None:
        return ()
    return tuple(_gate(entry, fields, name) for entry in (raw if isinstance(raw, list) else [raw]))


def _gate(raw: Any, fields: Fields, name: str) -> Gate:
    if isinstance(raw, str):
        fields.drift("prose_gate", name, found=raw, done="kept for people, never evaluated")
        return Gate("prose", raw)
    if not isinstance(raw, dict):
        raise fields.wrong(name, f"holds {kind_of(raw)} where a gate belongs")
    inner = Fields(raw, fields.report, fields.step, f"{fields.prefix}{name}.")
    gates = [Gate(kind, value) for kind in _KINDS if (value := inner.text(kind)) is not None]
    if len(gates) != 1:
        raise fields.wrong(name, f"must have exactly one of {', '.join(_KINDS)} in each gate")
    inner.report_rest("unknown_gate_field", "left out")
    return gates[0]


def check_steps(steps: Iterable[Step], report: DriftReport) -> None:
    """Ids are unique and every goto leads to a step. Raises MapError otherwise."""
    steps = tuple(steps)
    ids: set[str] = set()
    for step in steps:
        if step.id in ids:
            raise report.refuse("has the id of an earlier step", step=step.id)
        ids.add(step.id)
    for step in steps:
        for goto in _gotos(step.conditional):
            if goto not in ids:
                raise report.refuse(f"goes to step {goto!r}, which does not exist", step=step.id, field="conditional")


def _gotos(conditional: Conditional | None) -> tuple[str, ...]:
    if conditional is None:
        return ()
    return tuple(goto for goto in (conditional.on_true, conditional.on_false) if goto is not None)

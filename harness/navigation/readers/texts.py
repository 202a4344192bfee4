"""The text that a step enters: a literal, or a field of the work item's credential."""

from __future__ import annotations

from typing import Final, Literal

from harness.navigation.map import Phase, Text
from harness.navigation.readers.fields import Fields

_PLACEHOLDERS: Final[dict[str, Literal["account", "secret"]]] = {
    "${credential.account}": "account",
    "${credential.secret}": "secret",
}
_OPENING: Final = "${credential."


def read_text(fields: Fields, *, placeholders: bool = False) -> Text | None:
    """`text` as a string or as `{"credential": "account" | "secret"}`; a bare `credential` beside it means the same.

    With `placeholders`, the whole text `${credential.account}` or `${credential.secret}` is such a field; within a
    longer text it is refused, since it would be typed as it stands.
    """
    if "credential" in fields:
        if "text" in fields:
            raise fields.wrong("text", "stands beside credential: only one of them can be entered")
        fields.take("text")
        return Text(credential=_credential(fields))
    fields.take("credential")
    if isinstance(fields.take("text"), dict):
        inner = fields.inner("text")
        assert inner is not None
        if "credential" not in inner:
            raise inner.missing("credential")
        credential = _credential(inner)
        inner.report_rest("unknown_step_field", "left out")
        return Text(credential=credential)
    literal = fields.text("text", empty=True)
    if literal is None:
        return None
    return text_of(literal, fields, "text") if placeholders else Text(literal=literal)


def text_of(literal: str, fields: Fields, name: str) -> Text:
    """A text in which a credential's field may stand as a placeholder."""
    field = _PLACEHOLDERS.get(literal.strip())
    if field is not None:
        return Text(credential=field)
    if _OPENING in literal:
        raise fields.wrong(name, "must be ${credential.account} or ${credential.secret} alone, or hold neither")
    return Text(literal=literal)


def enters_credential(phase: Phase) -> bool:
    """Whether a step of the phase enters a credential's field: then the phase logs in."""
    return any(step.text is not None and step.text.credential is not None for step in phase.steps)


def _credential(fields: Fields) -> Literal["account", "secret"]:
    return "account" if fields.choice("credential", ("account", "secret")) == "account" else "secret"

import re

import pytest

from harness.runfolder.event import CORRELATION_FIELDS
from harness.runfolder.layout import Channel
from harness.telemetry.catalogue import CATALOGUE, FIELD_KINDS, EventSpec, _spec


@pytest.mark.parametrize("spec", CATALOGUE.values(), ids=lambda spec: spec.name)
def test_an_event_is_named_and_explained_and_its_fields_have_known_kinds(spec: EventSpec) -> None:
    assert CATALOGUE[spec.name] is spec
    assert re.fullmatch(r"[a-z]+\.[a-z_]+", spec.name)
    assert spec.meaning
    assert {kind.removesuffix("?") for kind in spec.fields.values()} <= FIELD_KINDS
    assert spec.text_fields == {
        name for name, kind in spec.fields.items() if kind.removesuffix("?") in {"text", "table"}
    }


@pytest.mark.parametrize("spec", CATALOGUE.values(), ids=lambda spec: spec.name)
def test_no_field_shadows_a_correlation_id_or_what_the_logger_adds(spec: EventSpec) -> None:
    assert not spec.fields.keys() & {*CORRELATION_FIELDS, "event", "level"}


@pytest.mark.parametrize("spec", CATALOGUE.values(), ids=lambda spec: spec.name)
def test_a_duration_carries_its_unit_in_its_name(spec: EventSpec) -> None:
    for name, kind in spec.fields.items():
        kind = kind.removesuffix("?")
        if kind in {"ms", "s", "bytes"}:
            assert kind in name.split("_"), f"{name} is {kind}"


def test_every_channel_has_events() -> None:
    assert {spec.channel for spec in CATALOGUE.values()} == set(Channel)


def test_the_catalogue_cannot_be_changed_by_who_reads_it() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["run.started"] = CATALOGUE["run.ended"]  # type: ignore[index]
    with pytest.raises(TypeError):
        CATALOGUE["run.started"].fields["extra"] = "text"  # type: ignore[index]


def test_a_field_of_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x\.y: unknown field kinds \['secret'\]"):
        _spec(Channel.AUDIT, "x.y", "something", value="secret")

"""What tells of files that do not fit; the cases of a whole profile are in test_profile."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from msgspec import Struct

from harness.basics.errors import UsageError
from harness.settings.toml_struct import MAX_BYTES, read_struct


class Wheel(Struct, forbid_unknown_fields=True):
    inches: int = 28


class Cycle(Struct, forbid_unknown_fields=True):
    kind: Literal["bicycle", "tricycle"]
    wheels: tuple[Wheel, ...] = ()


def refused(tmp_path: Path, text: str) -> UsageError:
    file = tmp_path / "cycle.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_struct(file, Cycle, "cycle")
    assert caught.value.what.startswith(f"cycle {file}")
    return caught.value


def test_a_file_that_fits_becomes_the_struct_with_its_text(tmp_path: Path) -> None:
    text = 'kind = "bicycle"\n[[wheels]]\ninches = 20\n'
    (tmp_path / "a.toml").write_text(text)
    assert read_struct(tmp_path / "a.toml", Cycle) == (Cycle("bicycle", (Wheel(20),)), text)


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("", "kind", "it must be given, and is not"),
        ('kind = "bicycl"', "kind", "one of bicycle, tricycle; did you mean 'bicycle'?"),
        ('kind = "bicycle"\n[[wheels]]\ninch = 1', "wheels[0].inch", "did you mean 'inches'?"),
        ('kind = "bicycle"\nx = 1', "x", "known are kind, wheels"),
    ],
)
def test_what_does_not_fit_is_told_by_its_key(tmp_path: Path, text: str, key: str, why: str) -> None:
    error = refused(tmp_path, text)
    assert error.context["key"] == key
    assert why in error.why


def test_what_is_no_toml_too_large_or_not_there_is_told(tmp_path: Path) -> None:
    assert "is not TOML" in refused(tmp_path, "kind =").what
    assert "is too large" in refused(tmp_path, "#" * (MAX_BYTES + 1)).what
    with pytest.raises(UsageError, match="cannot be read"):
        read_struct(tmp_path / "none.toml", Cycle)

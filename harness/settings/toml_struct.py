"""A TOML file becomes a validated struct; what does not fit is told by file and key, with the nearest that would."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from harness.basics.errors import UsageError

MAX_BYTES = 1 << 20

S = TypeVar("S", bound=Struct)


def read_struct(file: Path, kind: type[S], noun: str = "profile") -> tuple[S, str]:
    """The struct and the file's text; UsageError tells file, key and what was expected. `noun`: what the file is."""
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{noun} {file} cannot be read", why=error.strerror or str(error), todo="name a readable .toml file"
        ) from error
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{noun} {file} is too large", why=f"it is over {MAX_BYTES} bytes", todo="shorten it")
    try:
        text = raw.decode()
        data = msgspec.toml.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{noun} {file} is not TOML", why=str(error), todo="correct the line named above") from error
    try:
        return msgspec.convert(data, kind, strict=True), text
    except msgspec.ValidationError as error:
        raise _invalid(file, str(error), kind, noun) from error


_AT = re.compile(r"^(?P<why>.*?)(?: - at `(?P<key>.*?)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<field>.*?)`")
_ITEM = re.compile(r"\[[^\]]*\]")
_MISSING = re.compile(r"missing required field `(?P<field>.*?)`")


def _invalid(file: Path, message: str, kind: type[Struct], noun: str) -> UsageError:
    match = _AT.match(message)
    assert match is not None
    key = (match["key"] or "$").removeprefix("$").removeprefix(".")
    why = match["why"].replace("`object`", "a table").replace("`array`", "a list").replace("`", "'")
    unknown, missing = _UNKNOWN.search(message), _MISSING.search(message)
    if missing:
        key = f"{key}.{missing['field']}".removeprefix(".")
        why = "it must be given, and is not"
    elif why.startswith("Invalid enum value"):
        choices = _choices(_type_at(kind, key))
        near = difflib.get_close_matches(why.split("'")[1], choices, n=1)
        if ".bind[" in key:  # whoever wrote it may have written the secret itself
            why = "its value, not shown here, is none of a credential's fields"
        why += f"; it must be one of {', '.join(choices)}" + (f"; did you mean '{near[0]}'?" if near else "")
    elif unknown:
        key = f"{key}.{unknown['field']}".removeprefix(".")
        known = _fields_at(kind, key)
        near = difflib.get_close_matches(unknown["field"], known, n=1)
        why = "there is no such key" + (f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}")
    return UsageError(
        f"{noun} {file}, key {key or '(top level)'} cannot be used",
        why=why,
        todo="correct this key; every key is described in docs/profiles.md",
        file=str(file),
        key=key,
    )


def _type_at(kind: type[Struct], key: str) -> Any:
    """The type of a known key (dotted, `[…]` for an item of it); the struct's own for the empty one."""
    found: Any = kind
    for part in filter(None, _ITEM.sub("", key).split(".")):
        found = get_type_hints(_struct_in(found))[part]
    return found


def _fields_at(kind: type[Struct], key: str) -> list[str]:
    """The known keys of the table that `key` lies in."""
    table = _struct_in(_type_at(kind, key.rpartition(".")[0]))
    return [field.encode_name for field in msgspec.structs.fields(table)]


def _struct_in(annotation: Any) -> Any:
    """The table's type in `tuple[Table, ...]`, `dict[str, Table]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    return next(filter(None, map(_struct_in, get_args(annotation))), None)


def _choices(annotation: Any) -> list[str]:
    """The values of the `Literal` in a type."""
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return [choice for argument in get_args(annotation) for choice in _choices(argument)]

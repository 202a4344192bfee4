"""What a typed command is made of; the modules of `harness.cdp.domains` are generated upon it. No I/O.

A command is its method, the parameters that were given, and the type of its result; sending it is the session's. Results,
types and events are structs with our names for the protocol's (`frame_id` for `frameId`). A field that the protocol does not
know is ignored, and an enumeration is plain text at run time: a newer browser's words do not break decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

R = TypeVar("R")


class Command(msgspec.Struct, Generic[R], frozen=True):
    """One command, ready to send. params: under the protocol's names, only those given. result: None where the protocol
    promises none."""

    method: str
    params: dict[str, Any]
    result: type[R] | None


class CdpType(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True, frozen=True):
    """An object of the protocol; what is None (UNSET where the protocol allows any value) is not sent."""


class CdpEvent(CdpType, kw_only=True, frozen=True):
    """The parameters of an event."""

    METHOD: ClassVar[str]

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> Self:
        """From the plain parameters that a handler is given; msgspec.ValidationError when they are not this event's."""
        return msgspec.convert(params, cls)


class Later:
    """Another domain, imported when its types are first looked up: the domains name each other in circles."""

    def __init__(self, domain: str) -> None:
        self._module = f"harness.cdp.domains.{domain}"

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._module), name)

"""The description as structs, and what can be looked up in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec


class Item(msgspec.Struct, rename={"ref": "$ref"}):
    """What an array holds, or anything else that has a type."""

    type: str = ""
    ref: str = ""
    enum: list[str] = []
    items: Item | None = None


class Field(Item):
    """A property, a parameter or a returned value."""

    name: str = ""
    description: str = ""
    optional: bool = False
    experimental: bool = False
    deprecated: bool = False


class TypeSpec(Item):
    """A named type; an object with properties, or a name for something simple."""

    id: str = ""
    description: str = ""
    experimental: bool = False
    deprecated: bool = False
    properties: list[Field] = []


class Operation(msgspec.Struct):
    """A command or an event."""

    name: str
    description: str = ""
    experimental: bool = False
    deprecated: bool = False
    parameters: list[Field] = []
    returns: list[Field] = []


class Domain(msgspec.Struct):
    """One domain."""

    domain: str
    description: str = ""
    experimental: bool = False
    deprecated: bool = False
    types: list[TypeSpec] = []
    commands: list[Operation] = []
    events: list[Operation] = []


class _File(msgspec.Struct):
    domains: list[Domain]


class Protocol:
    """All domains. `sent`: the full names of the types that a command can be given, within whatever it is given."""

    def __init__(self, files: Iterable[bytes]) -> None:
        domains = [domain for data in files for domain in msgspec.json.decode(data, type=_File).domains]
        self.domains = sorted(domains, key=lambda domain: domain.domain)
        self.types = {f"{domain.domain}.{spec.id}": spec for domain in self.domains for spec in domain.types}
        self.methods = {f"{d.domain}.{command.name}": command for d in self.domains for command in d.commands}
        self.events = {f"{d.domain}.{event.name}": event for d in self.domains for event in d.events}
        self.sent: set[str] = set()
        for domain in self.domains:
            for command in domain.commands:
                self._send(domain.domain, command.parameters)

    def _send(self, domain: str, fields: Iterable[Item]) -> None:
        for name in references(domain, fields):
            if name not in self.sent:
                self.sent.add(name)
                self._send(name.partition(".")[0], [self.types[name], *self.types[name].properties])


def references(domain: str, items: Iterable[Item]) -> Iterator[str]:
    """Full names of the types that these items of a domain name."""
    for item in items:
        if item.ref:
            yield full_name(domain, item.ref)
        if item.items is not None:
            yield from references(domain, [item.items])


def full_name(domain: str, ref: str) -> str:
    """A reference may leave out its own domain."""
    return ref if "." in ref else f"{domain}.{ref}"

"""Binding a recorded map to where and as whom it runs: pure functions from map to map."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

import msgspec

from harness.navigation.drift import MapError
from harness.navigation.map import AssertedNavigation, Gate, NavigationMap, Phase, Step, Text

_DEFAULT_PORTS = {"http": 80, "https": 443}


def rebase(recorded: NavigationMap, recorded_origin: str, origin: str) -> NavigationMap:
    """The map on another origin: navigate and asserted URLs, URL gates and targets of `recorded_origin` move to
    `origin`, relative ones are resolved against it; user-info in a moved URL is dropped; other sites stay.

    With `recorded_origin=""` only relative URLs change. Expressions are code and stay as they are. Raises MapError
    where an origin is not `http(s)://host[:port]`.
    """
    base = _origin(origin, recorded)
    moved_from = _key(_origin(recorded_origin, recorded)) if recorded_origin else None

    def move(url: str) -> str:
        parts = _split(url)
        if parts is None:  # no URL at all: the step fails where it is used, and by name
            return url
        if not parts.scheme and not parts.netloc:
            return urljoin(urlunsplit(base) + "/", url) if url else url
        if moved_from is None or _key(parts) != moved_from:
            return url
        return urlunsplit((base.scheme, base.netloc, parts.path or "/", parts.query, parts.fragment))

    return _with_steps(recorded, lambda step: _rebased(step, move))


def bind_values(recorded: NavigationMap, bindings: Mapping[str, Text]) -> NavigationMap:
    """The map with each text that equals a key of `bindings` replaced by what it is bound to, so that a recorded account
    or password is never typed as it stands; a phase that enters a credential's field afterwards is marked as such.

    Raises MapError for a key that binds nothing; it is named by its place in `bindings`, since it may be a password.
    """
    bound: set[str] = set()

    def bind(step: Step) -> Step:
        literal = None if step.text is None else step.text.literal
        if literal is None or literal not in bindings:
            return step
        bound.add(literal)
        return msgspec.structs.replace(step, text=bindings[literal])

    result = _with_steps(recorded, bind)
    for position, (key, text) in enumerate(bindings.items(), 1):
        if key not in bound:
            raise _binds_nothing(recorded, position, key, text)
    return msgspec.structs.replace(result, phases=tuple(_marked(phase) for phase in result.phases))


def _rebased(step: Step, move: Callable[[str], str]) -> Step:
    url = step.params.get("url")
    params = step.params
    if step.action == "navigate" and isinstance(url, str):
        params = {**params, "url": move(url)}
    asserted = step.asserted
    if asserted is not None and asserted.url:
        asserted = AssertedNavigation(move(asserted.url), asserted.title)
    return msgspec.structs.replace(
        step,
        params=params,
        asserted=asserted,
        entry=_moved_gates(step.entry, move),
        exit=_moved_gates(step.exit, move),
        target=step.target if step.target == "main" else move(step.target),
    )


def _moved_gates(gates: tuple[Gate, ...], move: Callable[[str], str]) -> tuple[Gate, ...]:
    return tuple(Gate("url", move(gate.value)) if gate.kind == "url" else gate for gate in gates)


def _with_steps(recorded: NavigationMap, change: Callable[[Step], Step]) -> NavigationMap:
    phases = (
        msgspec.structs.replace(phase, steps=tuple(change(step) for step in phase.steps)) for phase in recorded.phases
    )
    return msgspec.structs.replace(recorded, phases=tuple(phases))


def _marked(phase: Phase) -> Phase:
    enters = any(step.text is not None and step.text.credential is not None for step in phase.steps)
    return msgspec.structs.replace(phase, credential=True) if enters else phase


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where the port is no number
    except ValueError:
        return None
    return parts


def _key(parts: SplitResult) -> tuple[str, str, int | None]:
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme)


def _origin(origin: str, recorded: NavigationMap) -> SplitResult:
    parts = _split(origin)
    if (
        parts is None
        or parts.scheme not in _DEFAULT_PORTS
        or not parts.hostname
        or parts.path not in ("", "/")
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise MapError(
            f"map {recorded.source} cannot be bound to a site",
            why="an origin must be http://host:port or https://host:port, without path, query or user",
            todo="correct the origin",
        )
    return SplitResult(parts.scheme, parts.netloc, "", "", "")


def _binds_nothing(recorded: NavigationMap, position: int, key: str, text: Text) -> MapError:
    # A key bound to a secret is the recorded password itself: told by its place, not by its letters.
    name = f"number {position} (bound to credential.secret)" if text.credential == "secret" else repr(key)
    return MapError(
        f"map {recorded.source} cannot be bound to its values",
        why=f"binding {name} matches no text that the map enters, so what was recorded would be typed as it stands",
        todo="correct the binding, or record the path again with the placeholder",
    )

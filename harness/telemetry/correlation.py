"""Correlation enters once, as context: bound for a run, worker, spin, phase or step, it reaches every event below.

Ids of traces and spans have the shape of W3C Trace Context (https://www.w3.org/TR/trace-context/): one spin is one trace,
each phase and step a span of it, so that the chain can be handed to OpenTelemetry as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import format_span_id, format_trace_id

from harness.runfolder.event import CORRELATION_FIELDS

_ids = RandomIdGenerator()
_ALLOWED = frozenset(CORRELATION_FIELDS)


def new_trace_id() -> str:
    """32 lower-case hex digits."""
    return format_trace_id(_ids.generate_trace_id())


def new_span_id() -> str:
    """16 lower-case hex digits."""
    return format_span_id(_ids.generate_span_id())


@contextmanager
def correlated(**ids: str) -> Iterator[None]:
    """Bind correlation ids for the block, in this task and in what it starts; ValueError for an unknown name."""
    unknown = ids.keys() - _ALLOWED
    if unknown:
        raise ValueError(f"not part of the correlation chain: {sorted(unknown)}")
    with structlog.contextvars.bound_contextvars(**ids):
        yield


def rebind(**ids: str) -> None:
    """Change ids that an open block has bound (a lease's new epoch); the end of that block restores what stood before.

    An id that no open block has bound stays until the task's end.
    """
    unknown = ids.keys() - _ALLOWED
    if unknown:
        raise ValueError(f"not part of the correlation chain: {sorted(unknown)}")
    structlog.contextvars.bind_contextvars(**ids)


def current_correlation() -> Mapping[str, str]:
    """A copy of the ids bound here: handed to objects whose events are born in another task."""
    return {key: value for key, value in structlog.contextvars.get_contextvars().items() if key in _ALLOWED}

"""What a worker died of, in words."""

from __future__ import annotations

from collections.abc import Iterator


def cause_of_death(error: BaseException) -> str:
    """`Type: text` of an error; of a group, those of all errors in it, since its own text says nothing."""
    return "; ".join(f"{type(leaf).__name__}: {leaf}" for leaf in _leaves(error))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error

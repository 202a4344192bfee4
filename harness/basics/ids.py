"""Sortable ids: a millisecond timestamp and randomness in Crockford base 32 (the ULID layout), prefixed by their kind."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def ulid(time_ms: int | None = None, entropy: int | None = None) -> str:
    """26 lower-case characters: 48 bits of Unix time in ms, 80 random bits (https://github.com/ulid/spec)."""
    stamp = time.time_ns() // 1_000_000 if time_ms is None else time_ms
    number = (stamp << 80) | (secrets.randbits(80) if entropy is None else entropy)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_run_id() -> str:
    """`run-<ulid>`: sorts by start time."""
    return f"run-{ulid()}"


def new_spin_id() -> str:
    """`spin-<ulid>`: one per pass of a work item, also the id that the site under test records."""
    return f"spin-{ulid()}"


def new_item_id() -> str:
    """`item-<ulid>`: one per work item."""
    return f"item-{ulid()}"


def new_failure_id() -> str:
    """`fail-<ulid>`: one per recorded failure."""
    return f"fail-{ulid()}"

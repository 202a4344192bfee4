"""Readers: several forms of a recorded path, one model; each repair on the way is a drift line."""

from __future__ import annotations

from harness.navigation.readers.reading import MAX_STEPS, ReadMap, read_map, read_map_bytes
from harness.navigation.readers.tolerant_json import MAX_BYTES, MAX_DEPTH, MAX_VALUES

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_STEPS", "MAX_VALUES", "ReadMap", "read_map", "read_map_bytes"]

"""report.json: the verdict for machines."""

from __future__ import annotations

import msgspec

from harness.readiness.verdict import Verdict


def render_json(verdict: Verdict) -> bytes:
    """Indented JSON with a newline at its end."""
    return msgspec.json.format(msgspec.json.encode(verdict.to_dict()), indent=2) + b"\n"

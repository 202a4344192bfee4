"""Where the profiles that ship with the harness lie."""

from __future__ import annotations

from pathlib import Path


def shipped_folder() -> Path:
    """Inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "shipped_profiles"
    return inside if inside.is_dir() else package.parent / "profiles"

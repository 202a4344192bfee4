"""Our own checks: each module is a small program (`python -m scripts.checks.NAME`), run by scripts/check."""

"""Hardening: what breaks the CDP floor on purpose, at length, and counts what is left (docs/hardening.md)."""

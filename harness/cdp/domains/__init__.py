"""Typed commands, types and events, one module a domain of the protocol (docs/cdp.md)."""

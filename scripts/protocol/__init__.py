"""Generates harness/cdp/domains from the protocol's own description (scripts/generate_protocol)."""

"""Floor 10: one file per command group; each parses, calls, prints."""

"""Floor 0: errors, failure causes, exit codes, ids, clocks and secrets; imports nothing of the house."""

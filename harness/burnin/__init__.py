"""Floor 7: running a plan for its duration: schedule, planned faults, snapshots, draining, and the end."""

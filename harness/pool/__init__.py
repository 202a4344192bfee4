"""Floor 6: work items, the queue, workers, their supervisor, and the modes a run can have."""

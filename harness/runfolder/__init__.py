"""Floor 1: what a run's folder looks like; who writes a run and who reads one agree here and nowhere else."""

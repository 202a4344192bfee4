"""Step strategies: one navigation action a file. Each imports `harness.navigation` and nothing else of the house."""

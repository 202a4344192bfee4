"""Floor 8: shipped doubles, for the tests of the house and of those who extend it."""

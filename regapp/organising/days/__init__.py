"""Days: the overview, one day, its editor."""

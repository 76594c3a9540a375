"""A change of the day, for everybody who is registered for it."""

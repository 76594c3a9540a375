"""People: the attendee list and its files, one person, the line, attempts without a registration."""

"""All registrations of a day together: found, counted, exported."""

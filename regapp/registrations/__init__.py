"""One person's place: register, cancel; their letters; the public day page, the form and the personal pages."""

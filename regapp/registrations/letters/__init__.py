"""Letters to one participant: which one when, and what stands in it."""

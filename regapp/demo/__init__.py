"""The demo: a training day that looks real, with people who plainly are not."""

"""Letters to many: reminders before the day."""

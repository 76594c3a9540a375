"""Mail: the letters of a day, the plan of what goes out by itself, reminders, the queue."""

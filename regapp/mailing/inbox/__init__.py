"""The inbox: what comes back, bounces and answers of calendars."""

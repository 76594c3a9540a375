"""Alarms: what organisers are told of by letter, at once or each morning."""

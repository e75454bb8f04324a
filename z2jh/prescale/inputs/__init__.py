"""The operator's files: schedules, calendars and values."""

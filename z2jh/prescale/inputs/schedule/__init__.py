"""What an operator writes down: classes, events, holidays, calendars, and the budget."""

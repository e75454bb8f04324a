"""The schedule as values: classes, events, holidays, calendars, budget, and when they meet."""

"""The performance budget of the design, measured beside raw SQLite in one run on one machine."""

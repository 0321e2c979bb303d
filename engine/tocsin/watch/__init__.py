"""Self-observation and the second process that speaks when the engine stands still."""

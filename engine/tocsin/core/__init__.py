"""The two pure machines, correlate and respond, and the board they work on."""

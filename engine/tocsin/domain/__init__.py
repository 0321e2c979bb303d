"""Values that everything else speaks in: events, inputs, changes, incidents, notifications, errors."""

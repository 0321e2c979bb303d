"""People, services, schedules and policies: who is to be asked at an instant, and how."""

"""The ways out: one file per channel, each exporting ``CHANNEL``."""

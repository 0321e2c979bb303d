"""Tocsin: rule-based alerting and notification engine for a city's situation centre."""

__version__ = "0.1.0"

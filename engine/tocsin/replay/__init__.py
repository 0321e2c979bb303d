"""Recorded events and rule tests on a virtual clock, nothing sent."""

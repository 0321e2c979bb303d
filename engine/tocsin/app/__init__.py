"""The composition root: the one room that knows all others and puts them together."""

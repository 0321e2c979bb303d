"""What a rule means: match conditions, keys, and one operator a file under operators/."""

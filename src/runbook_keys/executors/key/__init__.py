"""KEYS: notebooks, Node modules and Python functions that a step or a person calls by name."""

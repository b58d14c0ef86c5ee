"""The use cases: the same verbs for every surface."""

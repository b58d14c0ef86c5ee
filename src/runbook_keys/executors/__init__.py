"""Executors: each runs blocks of one language, and none knows another."""

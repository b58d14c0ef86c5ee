"""Measurements as ratios, side by side in one run. Never a test: no test asserts a time."""

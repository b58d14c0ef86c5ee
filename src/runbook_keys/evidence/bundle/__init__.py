"""The evidence of one run, to be checked without KEYS."""

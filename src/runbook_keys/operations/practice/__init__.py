"""Proving runbooks in the practice company."""

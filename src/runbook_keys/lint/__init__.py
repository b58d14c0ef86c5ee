"""Proof on the page: what is wrong with a pack, with line, reason and mend. Lint can run nothing."""

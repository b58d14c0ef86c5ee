"""Keeping the record: verified, signed, anchored, erased where that is due, read on record."""

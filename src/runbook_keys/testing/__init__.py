"""Doubles for authors of runbooks and for our own tests. The product never imports this."""

"""KEYS: executable incident runbooks."""

__version__ = "0.2.0"

"""KEYS: executable incident runbooks."""

__version__ = "0.1.0"

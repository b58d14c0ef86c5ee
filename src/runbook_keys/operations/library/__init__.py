"""Runbooks and KEYS as they lie in the library: proven, called, made, looked over before tonight."""

"""The practice world of KEYS: a small, real company on loopback that runbooks are proven against."""

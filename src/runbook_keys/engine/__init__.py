"""The engine: what may happen next, as a pure function of what has happened. No I/O, no clock, no randomness."""

"""The terminal: shows views, passes on answers, decides nothing."""

"""The draft of a post-mortem."""

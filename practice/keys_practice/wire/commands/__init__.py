"""The commands of the selling department. Standard library only: they start in milliseconds."""

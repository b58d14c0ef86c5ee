"""The commands of the department that answers."""

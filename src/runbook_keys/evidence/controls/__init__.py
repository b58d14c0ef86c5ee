"""What the record holds for the requirements of a framework."""

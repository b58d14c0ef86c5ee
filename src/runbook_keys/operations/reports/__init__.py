"""What is made of the record for others."""

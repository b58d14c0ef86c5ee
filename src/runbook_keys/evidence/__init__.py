"""What is made from journals: summaries, lessons, figures, reports. Pure: nothing here reads a clock or a file."""

"""The commands an operator of the letters rooms has on PATH."""

"""The commands an operator of Larkspur Letters has on PATH."""

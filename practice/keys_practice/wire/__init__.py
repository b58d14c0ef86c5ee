"""The department that sells: a checkout which calls two dependencies through a wire that can be broken."""

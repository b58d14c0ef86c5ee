"""The machine room: this machine's clock, randomness and secrets behind their ports."""

"""Where journals are kept. Every store keeps the same promises; tests/contract holds them to it."""

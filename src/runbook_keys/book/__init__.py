"""The book: `README.md` and `pack.json` as values, and back, without touching a byte that is not ours."""

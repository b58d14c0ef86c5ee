"""The nouns of KEYS, frozen: values without behaviour of their own."""

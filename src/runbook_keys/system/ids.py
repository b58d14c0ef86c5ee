"""Names for runs and random salts."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without 0 o 1 l i: they sound or look alike on the phone
_SALT_BYTES = 16


class RandomIds:
    """Run names such as `r-20261123-0312-k7qm`.

    Two runs of the same minute share a name once in 900,000 times; the store refuses to open a second run of one name.
    """

    def run(self, at: datetime) -> str:
        """A name for a run that begins at `at`: short, lower case, sorted by time."""
        tail = "".join(secrets.choice(_LETTERS) for _ in range(4))
        return f"r-{at.astimezone(UTC):%Y%m%d-%H%M}-{tail}"

    def salt(self) -> bytes:
        """16 random bytes."""
        return secrets.token_bytes(_SALT_BYTES)

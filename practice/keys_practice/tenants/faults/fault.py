"""What a fault of the letters rooms is."""

from collections.abc import Callable
from dataclasses import dataclass

from keys_practice.tenants.rooms import Rooms

Cause = Callable[[Rooms], None]


@dataclass(frozen=True)
class Fault:
    """One way to break the department.

    `allowed_changes` are the kinds of change (see snapshot.py) that a right recovery may make; everything else that
    differs afterwards was touched without need. `cause` returns when the symptom can be seen.
    """

    description: str
    cause: Cause
    allowed_changes: frozenset[str] = frozenset()


def sql(*statements: str) -> Cause:
    """Somebody with rights in the database did this."""
    return lambda rooms: rooms.in_database(*statements)


def both(*causes: Cause) -> Cause:
    """One thing after the other."""

    def cause(rooms: Rooms) -> None:
        for each in causes:
            each(rooms)

    return cause


RESTORE = frozenset({"policy", "grant", "rls", "undo", "register"})
"""A restore, or an undo of one, after somebody changed access by hand."""
CLOSE = RESTORE | {"fence", "api"}
"""What closes a hole: a fence, and where that does not help a stop of the API."""
HOOK = frozenset({"auth", "auth-settings"})

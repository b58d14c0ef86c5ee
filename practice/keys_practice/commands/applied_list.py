"""The list of applied events that goes from appctl to stripectl: one id per line below `# as of INSTANT`.

Between the two commands events go on being applied. Thanks to the instant, what was accepted after the list was made
does not look as if it had been lost.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from keys_practice.errors import PracticeError

AS_OF = "# as of "


class AppliedList(NamedTuple):
    """Ids, and the Unix seconds by which everything that was applied is among them (endless when not told)."""

    ids: frozenset[str]
    as_of: float


def instant(seconds: float) -> str:
    """Unix seconds as ISO 8601 in UTC, with all their digits."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def render(ids: list[str], as_of: str) -> str:
    """The text of a list."""
    return "\n".join([f"{AS_OF}{as_of}", *ids])


def parse(text: str) -> AppliedList:
    """Read a list. Wholly empty text is refused: more likely the command before the pipe failed."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise PracticeError(
            "The list of applied events is empty, as if its command had failed. Nothing was done."
        )
    told = [line.removeprefix(AS_OF) for line in lines if line.startswith(AS_OF)]
    try:
        as_of = min((datetime.fromisoformat(each).timestamp() for each in told), default=float("inf"))
    except ValueError as problem:
        raise PracticeError(f"The list of applied events does not say as of when: {problem}.") from problem
    return AppliedList(frozenset(line for line in lines if not line.startswith("#")), as_of)

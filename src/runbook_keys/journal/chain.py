"""The links: each run is a chain of lines, and the spine is a chain over all runs.

`r_i = SHA256(hex(r_{i-1}) "\\n" line_i "\\n")`, so that `sh` and `sha256sum` alone can check it. The spine has one
short line per entry, `gseq run_no rseq r_i`, chained in the same way: it shows that a run is missing without showing
what anybody did.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from runbook_keys.model.entry import RunHead, SpineRow, StoredEntry

GENESIS = 64 * "0"
"""What the first link of every chain follows."""

SPINE_START = SpineRow(gseq=0, run_no=0, rseq=0, link=GENESIS, spine_link=GENESIS)
"""The end of a spine on which nothing stands yet."""


class Extension(Struct, frozen=True):
    """What one append adds: the entries of the run and their rows on the spine, in order."""

    entries: tuple[StoredEntry, ...]
    spine: tuple[SpineRow, ...]

    def head(self) -> RunHead:
        """Where the run stands after it."""
        last = self.entries[-1]
        return RunHead(last.run, self.spine[-1].run_no, last.seq, last.link)


def link(previous: str, line: bytes) -> str:
    """The chain value (hex) after `line`, which ends with its newline."""
    return sha256(previous.encode("ascii") + b"\n" + line).hexdigest()


def spine_line(gseq: int, run_no: int, rseq: int, run_link: str) -> bytes:
    """One line of the spine, newline included."""
    return f"{gseq} {run_no} {rseq} {run_link}\n".encode("ascii")


def next_spine_row(last: SpineRow, run_no: int, rseq: int, run_link: str) -> SpineRow:
    """The row that follows `last` on the spine."""
    gseq = last.gseq + 1
    line = spine_line(gseq, run_no, rseq, run_link)
    return SpineRow(gseq, run_no, rseq, run_link, link(last.spine_link, line))


def extend(head: RunHead, spine_end: SpineRow, lines: Sequence[bytes]) -> Extension:
    """The stored form of `lines` after a run's `head` (seq 0 and GENESIS if it is new) and the spine's end."""
    entries: list[StoredEntry] = []
    spine: list[SpineRow] = []
    run_link = head.link
    for seq, line in enumerate(lines, head.seq + 1):
        run_link = link(run_link, line)
        spine_end = next_spine_row(spine_end, head.run_no, seq, run_link)
        entries.append(StoredEntry(head.run, seq, line, run_link))
        spine.append(spine_end)
    return Extension(tuple(entries), tuple(spine))

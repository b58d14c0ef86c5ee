"""An approver's receipt: enough of the chain to tell later whether the approval, and all before it, still stand so.

The link after the approval covers its line, with who said yes and to what, and every line before it. The
receipt holds 16 of its 64 digits: another text for them costs 2^64 tries, and they are
short enough to be written down.
"""

from __future__ import annotations

import re

from msgspec import Struct

from runbook_keys.errors import RefusedInput
from runbook_keys.journal.anchor_check import Held
from runbook_keys.journal.damages import damage
from runbook_keys.model.entry import RunHead

DIGITS = 16
_FORM = re.compile(r"([a-z0-9-]{1,64}):([1-9]\d{0,8}):([0-9a-f]{16,64})", re.ASCII)


def receipt_of(head: RunHead) -> str:
    """RUN:ENTRY:HEX of a run that ends at `head`."""
    return f"{head.run}:{head.seq}:{head.link[:DIGITS]}"


class Receipt(Struct, frozen=True):
    """What a receipt names: the entry, and the beginning of the chain value after it (hex)."""

    run: str
    seq: int
    link: str


def read_receipt(text: str) -> Receipt:
    """The receipt as somebody wrote it down. Raises RefusedInput."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise RefusedInput(f"{text} is no receipt. It looks like r-20261123-0312-k7qm:17:9f3a8b7c6d5e4f30.")
    return Receipt(match[1], int(match[2]), match[3])


def check_receipt(receipt: Receipt, link: str | None) -> Held:
    """Whether the journal still holds what the receipt names: `link` is that of the entry, None where there is none.

    That the lines fit their links is for `keys verify` to say.
    """
    if link is None:
        code = "receipt-entry-gone"
    elif not link.startswith(receipt.link):
        code = "receipt-differs"
    else:
        return Held(fits=(f"Entry {receipt.seq} of run {receipt.run} stands as the receipt names it.",))
    return Held((damage(code, receipt.run, receipt.seq, link=receipt.link),))

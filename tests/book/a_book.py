"""A small sound runbook that uses every construct once, and what the tests of the book do with it."""

from __future__ import annotations

from runbook_keys.book.book import Book
from runbook_keys.book.parse import parse

SOUND = """\
# Full Disk

The disk of the order service is full.

## 1. Title and scope

**Covers**

- Writes fail because no space is left.

**Does not cover**

- The disk is broken.

## 2. When to use this runbook

- Alert `DiskFull` is firing.

## 3. When NOT to use this runbook

- Every host is down → HAND OFF host-outage
- The disk reports errors → ESCALATE

## 4. Immediate safety checks

**Do not**

- Do not delete the journal.

### S1. Is a backup running?

```bash {timeout=5s}
backupctl status --json
```

- It is running: `json.state == "running"` → STOP
- Anything else → D1

## 5. Diagnosis flow

### D1. How full is the disk?

```bash {capture=USED_PERCENT timeout=10s}
df --output=pcent /srv
```

- Nearly full: `int(USED_PERCENT) > 90` → D2
- There is space: `int(USED_PERCENT) <= 90` → RESOLVED
- Anything else → ESCALATE

### D2. Which orders are oldest?

```sql {on=SHOP_DATABASE}
SELECT count(*) AS old FROM orders
```

- Many are old: `rows[0].old > 1000` → A1
- Anything else → D3

### D3. Does the dashboard show one large folder?

Open the dashboard, then Disks.

- Yes → A2
- I can't tell → ESCALATE

## 6. Action steps

### A1. Archive old orders (REVERSIBLE)

**Precondition**: D2 found many old orders.
**Side effects**: the archive grows.

```key order-archive
database: $SHOP_DATABASE
days: 90
```

**Rollback**

```bash
archivectl restore --last
```

**Rollback check**

```bash
archivectl verify --last
```

**Manual alternative**: copy the oldest orders to the archive by hand.

- Done: `exit_code == 0` → V1
- Anything else → ROLL BACK A1, then ESCALATE

### A2. Remove old logs

**Side effects**: logs older than a month are gone.

```bash {output=none}
logctl prune --older-than 30d
```

**Probe**

```bash
logctl count --older-than 30d
```

**Manual alternative**: remove the oldest logs by hand.

- Done: `exit_code == 0` → V1
- Anything else → ESCALATE

## 7. Verification

### V1. Can the service write again?

**When**: every 5 minutes for 1 hour

```bash
shopctl write-test
```

- It writes: `exit_code == 0` → RESOLVED
- Anything else → D1 (at most 2 times, then ESCALATE)

## 8. Rollback / escalation

**Roll back when**

- The archive is damaged.

**Escalate when**

- 30 minutes have passed and V1 has not succeeded.

**Escalate to**: `storage-oncall`, then `engineering-lead`

## 9. Evidence and audit notes

- Root cause (asked)
- The kernel's messages:

```bash {artifact=kernel-log}
journalctl --dmesg --lines 100
```

**Compliance**: SOC2 CC7.4 CC7.5, GDPR Art. 33

## 10. Post-incident follow-ups

**Within 24 hours**

- [ ] Review the timeline.
"""


def book_with(old: str = "", new: str = "") -> Book:
    """The sound runbook with `old`, which stands there once, replaced by `new`."""
    return parse(text_with(old, new).encode())


def text_with(old: str, new: str) -> str:
    """The sound text with one change."""
    assert not old or SOUND.count(old) == 1, f"{old!r} stands {SOUND.count(old)} times"
    return SOUND.replace(old, new) if old else SOUND


def line_of(text: str, part: str) -> int:
    """The line where `part` first begins."""
    return text.count("\n", 0, text.index(part)) + 1


def kinds(book: Book) -> list[str]:
    """The kinds of all problems, in order."""
    return [problem.kind for problem in book.problems]

"""A small real pack, and `keys` as a process on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

METADATA = {
    "slug": "example",
    "title": "Example",
    "description": "An example.",
    "tool": "operational",
    "key_type": ["incident"],
    "severity_level": "p2",
    "version": "1.0.0",
    "runtime_dependency": "assisted",
    "required_access_level": "write",
    "produces_evidence": False,
    "outcome": "It works.",
    "maturity": "starter",
    "license_spdx": "Apache-2.0",
    "author": {"name": "Tests"},
    "owner": "tests",
}

README = """# Example

## 1. Title and scope

**Covers**

- An example.

**Does not cover**

- Other things.

## 2. When to use this runbook

- In tests.

## 3. When NOT to use this runbook

- In life → ESCALATE

## 4. Immediate safety checks

**Do not**

- Do not panic.

### S1. Is it there?

```bash {LOOK_ATTRIBUTES}
LOOK
```

- It is there: `exit_code == 0` → A1
- Anything else → ESCALATE

## 5. Diagnosis flow

## 6. Action steps

### A1. Change it (CLASS)

**Precondition**: S1 found it.
**Side effects**: it is changed.

```bash {timeout=60s}
CHANGE
```

UNDO
- Changed: `exit_code == 0` → V1
- Anything else → ESCALATE

## 7. Verification

### V1. Is it changed now?

```bash {timeout=20s}
VERIFY
```

- It is: `exit_code == 0` → RESOLVED
- Anything else → ESCALATE

## 8. Rollback / escalation

**Escalate when**

- 30 minutes have passed and V1 has not succeeded.

**Escalate to**: `tests`

## 9. Evidence and audit notes

## 10. Post-incident follow-ups

**Within 24 hours**

- [ ] Look at it.
"""

UNDO = """**Rollback**

```bash
ROLLBACK
```

**Rollback check**

```bash
CHECK
```

"""


class Place:
    """A folder with a pack, a home for its journal, and an operator's environment."""

    def __init__(self, folder: Path, more: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "KEYS_HOME": str(self.home),
            **(more or {}),
        }

    def write(
        self,
        look: str = "true",
        change: str = "true",
        verify: str = "true",
        inputs: list[dict[str, object]] | None = None,
        undo: tuple[str, str] | None = None,
        look_attributes: str = "timeout=20s",
        slug: str = "example",
    ) -> Place:
        """Write the pack; `undo` is a rollback and its check, and makes A1 REVERSIBLE."""
        texts = {
            "LOOK_ATTRIBUTES": look_attributes,
            "UNDO": UNDO.replace("ROLLBACK", undo[0]).replace("CHECK", undo[1]) if undo else "",
            "CLASS": "REVERSIBLE" if undo else "IRREVERSIBLE",
            "LOOK": look,
            "CHANGE": change,
            "VERIFY": verify,
        }
        readme = README
        for name, text in texts.items():
            readme = readme.replace(name, text, 1)
        pack = self.folder / slug
        pack.mkdir(exist_ok=True)
        (pack / "README.md").write_text(readme, "utf-8")
        (pack / "pack.json").write_text(
            json.dumps({**METADATA, "slug": slug, "inputs": inputs or []}), "utf-8"
        )
        return self

    def keys(self, *arguments: str) -> subprocess.Popen[str]:
        """`keys` started with these arguments, without a terminal."""
        return subprocess.Popen(
            [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self, *arguments: str) -> tuple[int, str]:
        """How `keys` with these arguments ended, and what it said."""
        process = self.keys(*arguments)
        output, _ = process.communicate(timeout=90)
        return process.returncode, output

    def answers(self, *lines: str) -> str:
        """A file of answers."""
        path = self.folder / f"answers-{len(list(self.folder.glob('answers-*')))}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        return str(path)

    def run(self, *answers: str, inputs: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The arguments of a run that looks by itself and gets these answers."""
        given = [part for name, value in (inputs or {}).items() for part in ("-i", f"{name}={value}")]
        accepted = ("--accept-findings", "a test")
        return ("run", "./example", *given, "--auto", "safe", *accepted, "--answers", self.answers(*answers))

    def run_to_end(self, *answers: str, inputs: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Run it; how it ended, and what it said."""
        return self.said(*self.run(*answers, inputs=inputs))

    def resume(self, *answers: str) -> tuple[str, ...]:
        """The arguments of a resume that looks by itself and gets these answers."""
        return ("resume", "--auto", "safe", "--answers", self.answers(*answers))

    def journal_text(self) -> bytes:
        """All bytes that the journal's files hold."""
        return b"".join(path.read_bytes() for path in sorted(self.home.rglob("journal.db*")))


def an_input(name: str, **more: object) -> dict[str, object]:
    """The declaration of an input."""
    return {"name": name, "description": "An input.", "example": "x", "type": "text", **more}


def holds_before(seconds: float, condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true before a deadline."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def is_alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return status != "Z"

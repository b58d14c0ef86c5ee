"""A runbook that calls KEYS for all that it does, the KEYS, and `keys` as a process on them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

from throwaway import an_object, key_json

README = """# Switch left on

A switch stays on after the work is done, and customers see it.

## 1. Scope

**Covers**

- The switch is on and nobody works on the service.

**Does not cover**

- The service itself does not answer.

## 2. When to use this runbook

- Customers report the maintenance page.

## 3. When NOT to use this runbook

- Somebody still works on the service → ESCALATE

## 4. Immediate safety checks

**Do not**

- Do not restart the service: it is not the cause.

### S1. Is the switch on?

The KEY reads the switch, and returns whether it is on.

```key python-switch-look
file: $SWITCH
```

- It is on: `result.is_on` → A1
- It is off: `result.is_on == false` → STOP
- Anything else → ESCALATE

## 5. Diagnosis flow

## 6. Action steps

### A1. Switch it off (REVERSIBLE)

**Precondition**: S1 found it on.
**Side effects**: customers reach the service again.

```key python-switch-set
file: $SWITCH
to: "off"
```

**Rollback**

```key python-switch-set {mode=undo}
file: $SWITCH
to: "off"
```

**Rollback check**

```key python-switch-look
file: $SWITCH
```

**Manual alternative**: write `off` into the file of the switch.

- Done: `result.before == "on"` → V1
- Anything else → ROLL BACK A1, then ESCALATE

## 7. Verification

### V1. Is it off now?

**When**: at once

The KEY reads the switch again, and returns whether it is on.

```key python-switch-look
file: $SWITCH
```

- It is off: `result.is_on == false` → RESOLVED
- Anything else → ROLL BACK A1, then ESCALATE

## 8. Rollback / escalation

**Roll back when**

- Customers report errors after A1.

**Escalate when**

- 30 minutes have passed and V1 has not succeeded.

**Escalate to**: `platform-oncall`, then `engineering-lead`

## 9. Evidence and audit notes

## 10. Post-incident follow-ups

**Within 24 hours**

- [ ] Review the timeline with the team.
"""

LOOK = """from pathlib import Path
def run(arguments, tools):
    is_on = Path(arguments["file"]).read_text() == "on"
    return {"is_on": is_on, "holds": is_on}
"""

SET = """from pathlib import Path
def run(arguments, tools):
    file = Path(arguments["file"])
    before = file.read_text()
    file.write_text(arguments["to"])
    return {"before": before}
def undo(arguments, tools):
    Path(arguments["file"]).write_text(tools.result_before["before"])
    return {}
"""

_FILE = {"type": "string", "format": "path"}


class KeyedPlace:
    """A folder with the runbook, its KEYS installed in the home of the journal, and the switch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.switch = folder / "switch"
        self.switch.write_text("on")
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KEYS_HOME": str(self.home)}
        self.install(
            "python-switch-look",
            LOOK,
            inputs=an_object(("file",), file=_FILE),
            outputs=an_object(is_on={"type": "boolean"}, holds={"type": "boolean"}),
        )
        self.install(
            "python-switch-set",
            SET,
            inputs=an_object(("file", "to"), file=_FILE, to={"enum": ["on", "off"]}),
            outputs=an_object(before={"type": "string"}),
            safety="REVERSIBLE",
            has_undo=True,
        )
        self.write_runbook(README)

    def install(self, slug: str, source: str, **fields: Any) -> None:
        """Install a Python KEY, in place of an earlier one."""
        folder = self.home / "python" / slug
        folder.mkdir(parents=True, exist_ok=True)
        document = key_json("python", slug=slug, **fields)
        (folder / "key.json").write_text(json.dumps(document))
        (folder / "main.py").write_text(source)

    def write_runbook(self, readme: str) -> None:
        """Write the pack's text; its `pack.json` stays."""
        folder = self.home / "runbooks" / "switch-left-on"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README.md").write_text(readme)
        (folder / "pack.json").write_text(json.dumps(_METADATA))

    def said(self, *arguments: str) -> tuple[int, str]:
        """How `keys` ended, and all that it said."""
        done = subprocess.run(
            [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout

    def run(self, *answers: str, accepted: str = "a test") -> tuple[int, str]:
        """Run it with these answers; looks run by themselves."""
        because = ("--accept-findings", accepted) if accepted else ()
        return self.said(
            "run",
            "switch-left-on",
            "-i",
            f"SWITCH={self.switch}",
            "--auto",
            "safe",
            *because,
            "--answers",
            self._answers(*answers),
        )

    def resume(self, *answers: str) -> tuple[int, str]:
        """Take it up again."""
        return self.said("resume", "--auto", "safe", "--answers", self._answers(*answers))

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The data of the journal's entries of this kind."""
        with sqlite3.connect(self.home / "journal.db") as journal:
            lines = [
                json.loads(row[0]) for row in journal.execute("SELECT line FROM entries ORDER BY run_no, seq")
            ]
        journal.close()
        return [line["data"] for line in lines if line["event"] == kind]

    def blob(self, digest: str) -> bytes:
        """The material of this digest."""
        with sqlite3.connect(self.home / "journal.db") as journal:
            (content,) = journal.execute("SELECT content FROM blobs WHERE digest = ?", (digest,)).fetchone()
        journal.close()
        return bytes(content)

    def _answers(self, *lines: str) -> str:
        path = self.folder / f"answers-{len(list(self.folder.glob('answers-*')))}.txt"
        path.write_text("".join(f"{line}\n" for line in lines))
        return str(path)


_METADATA = {
    "slug": "switch-left-on",
    "title": "Switch left on",
    "description": "A switch stays on after the work is done.",
    "tool": "operational",
    "key_type": ["incident"],
    "severity_level": "p3",
    "version": "1.0.0",
    "runtime_dependency": "assisted",
    "required_access_level": "write",
    "produces_evidence": False,
    "outcome": "The switch is off.",
    "maturity": "starter",
    "license_spdx": "Apache-2.0",
    "author": {"name": "Tests"},
    "owner": "tests",
    "inputs": [
        {"name": "SWITCH", "description": "The file of the switch.", "example": "/srv/switch", "type": "path"}
    ],
}

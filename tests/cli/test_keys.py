"""`keys` as a process: kill -9 and resume, missing inputs, rehearsals, verification of an edited journal."""

from __future__ import annotations

import getpass
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

PACK = json.dumps(
    {
        "slug": "example",
        "title": "Example",
        "description": "An example.",
        "tool": "operational",
        "key_type": ["incident"],
        "severity_level": "p2",
        "version": "1.0.0",
        "runtime_dependency": "assisted",
        "required_access_level": "write",
        "produces_evidence": True,
        "outcome": "It works.",
        "maturity": "starter",
        "license_spdx": "Apache-2.0",
        "author": {"name": "Tests"},
        "owner": "tests",
        "inputs": [{"name": "MARK", "description": "The file to make.", "example": "/tmp/x", "type": "path"}],
    }
)

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

```bash
test -e "$MARK"
```

- It is there: `exit_code == 0` → STOP
- It is not there: `exit_code == 1` → D1
- Anything else → ESCALATE

## 5. Diagnosis flow

### D1. May it be made?

```bash
test ! -e "$MARK"
```

- It may be made: `exit_code == 0` → A1
- Anything else → ESCALATE

## 6. Action steps

### A1. Make it (IRREVERSIBLE)

**Precondition**: S1 did not find it.
**Side effects**: the file is there.

```bash {timeout=60s}
echo made >> "$MARK"
sleep 30
```

- Made: `exit_code == 0` → V1
- Anything else → ESCALATE

## 7. Verification

### V1. Is it there now?

```bash
test -e "$MARK"
```

- It is there: `exit_code == 0` → RESOLVED
- Anything else → ESCALATE

## 8. Rollback / escalation

**Escalate when**

- 30 minutes have passed and V1 has not succeeded.

**Escalate to**: `tests`

## 9. Evidence and audit notes

- What was made:

```bash {artifact=mark}
ls -l "$MARK"
```

## 10. Post-incident follow-ups

**Within 24 hours**

- [ ] Look at it.
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a pack."""
    pack = tmp_path / "example"
    pack.mkdir()
    (pack / "pack.json").write_text(PACK, "utf-8")
    (pack / "README.md").write_text(README, "utf-8")
    return tmp_path


def _keys(place: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "KEYS_HOME": str(place / "home")}
    return subprocess.Popen(
        [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
        env=environment,
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _said(place: Path, *arguments: str) -> tuple[int, str]:
    process = _keys(place, *arguments)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def _answers(place: Path, *lines: str) -> str:
    path = place / "answers.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return str(path)


def _run_arguments(place: Path, *answers: str) -> tuple[str, ...]:
    return (
        "run",
        "./example",
        "-i",
        f"MARK={place / 'mark'}",
        "--auto",
        "safe",
        "--answers",
        _answers(place, *answers),
    )


def _killed_in_the_action(place: Path) -> None:
    process = _keys(place, *_run_arguments(place, "A1", "it is missing"))
    deadline = time.monotonic() + 20
    while not (place / "mark").exists():
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    _end_leftovers(place)


def _end_leftovers(place: Path) -> None:
    """End the orphaned command of the killed driver, as a reboot would."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                is_ours = str(place).encode() in (entry / "environ").read_bytes()
                is_command = (
                    b"sleep" in (entry / "cmdline").read_bytes()
                    or b"bash" in (entry / "cmdline").read_bytes()
                )
            except OSError:
                continue
            if is_ours and is_command:
                os.kill(int(entry.name), signal.SIGKILL)


def test_a_missing_input_stops_the_run_before_it_starts(place: Path) -> None:
    """It says which, and what it is for; nothing is in the journal."""
    code, output = _said(place, "run", "./example")

    assert 1 == code
    assert "MARK: The file to make." in output
    assert "No runs yet" in _said(place, "runs")[1]


def test_without_a_terminal_nothing_is_approved(place: Path) -> None:
    """Looks run when asked to; the action waits for a person."""
    code, output = _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--auto", "safe")

    assert 7 == code
    assert "POINT OF NO RETURN" in output
    assert not (place / "mark").exists()


def test_a_dry_run_shows_commands_names_and_targets_and_runs_nothing(place: Path) -> None:
    """Every command is there, with the names of its values."""
    code, output = _said(place, "run", "./example", "--dry-run")

    assert 0 == code
    assert 'echo made >> "$MARK"' in output
    assert "reads MARK" in output
    assert "Missing inputs: MARK" in output


def test_after_kill_9_the_change_is_unknown_and_not_repeated(place: Path) -> None:
    """The resume asks whether it happened; the person says so, and the run ends verified. It was made once."""
    _killed_in_the_action(place)

    code, output = _said(
        place, "resume", "--auto", "safe", "--answers", _answers(place, "y", "I looked", "1", "it is there")
    )

    assert "UNKNOWN: A1 was started and its outcome was never recorded." in output
    assert 0 == code, output
    assert "made\n" == (place / "mark").read_text("utf-8")
    assert "The journal is whole" in _said(place, "verify")[1]


def test_resuming_without_an_answer_leaves_it_unknown(place: Path) -> None:
    """Nobody there: the run still waits in unknown, however often it is resumed."""
    _killed_in_the_action(place)

    assert [7, 7] == [_said(place, "resume", "--answers", _answers(place))[0] for _ in range(2)]
    assert "UNKNOWN" in _said(place, "runs")[1]


def test_a_run_goes_on_with_the_text_it_pinned(place: Path) -> None:
    """Editing the pack does not move the ground under an open run."""
    _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--auto", "safe")
    (place / "example/README.md").write_text("# gone\n", "utf-8")

    _, output = _said(place, "resume", "--auto", "safe")

    assert "A1. Make it" in output


def test_an_edited_journal_is_named_by_its_entry(place: Path) -> None:
    """One changed byte in one line is found, and where."""
    _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--auto", "safe")
    with sqlite3.connect(place / "home/journal.db") as journal:
        triggers = journal.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            journal.execute(f"DROP TRIGGER {name}")
        journal.execute(
            "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'S1', 'S2') AS BLOB) WHERE seq = 2"
        )
    journal.close()

    code, output = _said(place, "verify")

    assert 1 == code
    assert "DAMAGED" in output
    assert "entry 2" in output


def test_an_unknown_runbook_lists_what_is_there(place: Path) -> None:
    """A typing slip gets the names that would have worked."""
    code, output = _said(place, "run", "stripe")

    assert 1 == code
    assert "stripe-webhook-failure" in output


def _plant(place: Path, before: str, after: str) -> None:
    readme = place / "example" / "README.md"
    text = readme.read_text("utf-8")
    assert before in text
    readme.write_text(text.replace(before, after), "utf-8")


def test_a_pack_with_a_fault_on_the_page_does_not_run(place: Path) -> None:
    """What `keys check` calls an error stops the run before it starts, with the line."""
    _plant(
        place,
        'test -e "$MARK"\n```\n\n- It is there: `exit_code == 0` → STOP',
        'touch "$MARK"\n```\n\n- It is there: `exit_code == 0` → STOP',
    )

    code, output = _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--auto", "safe")

    assert 1 == code
    assert "the run has not started" in output
    assert "README.md:" in output
    assert not (place / "mark").exists()
    assert "No run" in _said(place, "resume")[1]


def test_a_reason_lets_it_run_and_is_kept(place: Path) -> None:
    """The reason stands in the run's first entry."""
    _plant(place, "**Side effects**: the file is there.\n", "")

    assert 1 == _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}")[0]
    code, output = _said(
        place,
        "run",
        "./example",
        "-i",
        f"MARK={place / 'mark'}",
        "--accept-findings",
        "Known; mended tomorrow.",
    )

    assert 7 == code, output
    assert "Known; mended tomorrow." in _said(place, "show", "--entries")[1]


def test_no_reason_lets_a_dead_end_run(place: Path) -> None:
    """A person could stand without a next step there, whatever the reason."""
    _plant(
        place,
        "- It may be made: `exit_code == 0` → A1\n- Anything else → ESCALATE\n",
        "- It may be made: `exit_code == 0` → A9\n",
    )

    code, output = _said(
        place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--accept-findings", "Hurry."
    )

    assert 1 == code
    assert "follow README.md by hand" in output


def test_a_pack_is_proven_again_when_anything_in_it_changes(place: Path) -> None:
    """Findings are remembered by the exact bytes: after a mend they are gone, after a slip they are there."""
    before = _said(place, "check", "./example")
    assert before == _said(place, "check", "./example")

    (place / "example/CHANGELOG.md").write_text("# Changes\n\n## 1.0.0\n\n- First.\n", "utf-8")

    assert "CHANGELOG.md" in before[1]
    assert "CHANGELOG.md" not in _said(place, "check", "./example")[1]


@pytest.fixture
def neighbours(place: Path) -> Path:
    """Two installed packs: `example` hands over to `neighbour`, which needs the same value and one more."""
    installed = place / "home" / "runbooks"
    for slug, text in (
        (
            "example",
            README.replace(
                "- It may be made: `exit_code == 0` → A1",
                "- It may be made: `exit_code == 0` → HAND OFF neighbour\n- It may not: `exit_code == 1` → A1",
            ),
        ),
        ("neighbour", README),
    ):
        metadata = json.loads(PACK) | {
            "slug": slug,
            "related_runbooks": ["neighbour"] if slug == "example" else [],
        }
        if slug == "neighbour":
            metadata["inputs"].append(
                {"name": "REGION", "description": "Where.", "example": "north", "default": "south"}
            )
        (installed / slug).mkdir(parents=True)
        (installed / slug / "pack.json").write_text(json.dumps(metadata), "utf-8")
        (installed / slug / "README.md").write_text(
            text.replace('echo made >> "$MARK"', 'echo made "${REGION:-}" >> "$MARK"')
            if slug == "neighbour"
            else text,
            "utf-8",
        )
    return place


def test_a_hand_over_starts_the_other_runbook_with_what_is_known(neighbours: Path) -> None:
    """The same incident, the value carried along, and both runs on the record."""
    code, output = _said(neighbours, "run", "example", "-i", f"MARK={neighbours / 'mark'}", "--auto", "safe")
    first, second = json.loads(_said(neighbours, "runs", "--json")[1])
    _, lines = _said(neighbours, "show", second["run"], "--entries")
    opened = json.loads(lines.splitlines()[0])["data"]

    assert 7 == code, output
    assert "Handed over from Example" in output
    assert "Carried along: MARK." in output
    assert ("example", "HANDED_OFF") == (first["slug"], first["ending"])
    assert "neighbour" == second["slug"]
    assert (first["run"], first["run"]) == (opened["incident"], opened["came_from"])
    assert f"Handed over from: run {first['run']}" in _said(neighbours, "show", second["run"])[1]


def test_a_hand_over_that_cannot_start_says_how_to(neighbours: Path) -> None:
    """The first run has ended all the same; the words name what is missing and the command that goes on."""
    metadata = neighbours / "home/runbooks/neighbour/pack.json"
    metadata.write_text(metadata.read_text("utf-8").replace(', "default": "south"', ""), "utf-8")

    code, output = _said(neighbours, "run", "example", "-i", f"MARK={neighbours / 'mark'}", "--auto", "safe")
    (first,) = json.loads(_said(neighbours, "runs", "--json")[1])

    assert 5 == code, output
    assert "REGION" in output
    assert f"keys run neighbour --incident {first['run']}" in " ".join(output.split())


def test_an_incident_that_nobody_opened_is_refused(place: Path) -> None:
    """A slip in its name must not make a second incident."""
    code, output = _said(place, "run", "./example", "-i", "MARK=/tmp/x", "--incident", "r-20260101-0000-none")

    assert 1 == code
    assert "r-20260101-0000-none" in output


def test_a_run_says_what_became_of_it_before(place: Path) -> None:
    """After one escalated run the next one begins with that; a record that somebody edited keeps nobody from it."""
    quick = README.replace("sleep 30\n", "exit 3\n")
    (place / "example" / "README.md").write_text(quick, "utf-8")
    (place / "answers").write_text("\n\nA1\nit is missing\n", "utf-8")
    run = ("run", "./example", "-i", f"MARK={place / 'mark'}")

    assert 4 == _said(place, *run, "--answers", "answers")[0]
    (place / "mark").unlink()
    again = _said(place, *run)[1]

    assert "This happened once before. It was escalated once." in again


def _policy(place: Path, text: str) -> None:
    folder = place / ".config" / "runbook-keys"
    folder.mkdir(parents=True)
    (folder / "keys.toml").write_text(text, "utf-8")


def _me() -> str:
    return getpass.getuser()


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ('irreversible = ["anna", "ben"]', "These may: anna, ben."),
        ("second_person = true", f"a second person must approve it, not {_me()}"),
    ],
)
def test_who_may_not_approve_changes_nothing(place: Path, policy: str, words: str) -> None:
    """The label typed and a reason given are not enough; the words say who goes on, and how."""
    _policy(place, f"[approvals]\n{policy}\n")
    (place / "answers").write_text("\n\nA1\nit is missing\n", "utf-8")

    code, output = _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--answers", "answers")

    assert 7 == code
    assert words in " ".join(output.split())
    assert not (place / "mark").exists()


def test_the_screen_says_beforehand_who_may_approve(place: Path) -> None:
    """Nobody should type a label in vain."""
    _policy(place, '[approvals]\nirreversible = ["anna"]\nsecond_person = true\n')
    (place / "answers").write_text("\n\n", "utf-8")

    _, output = _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--answers", "answers")

    assert "May approve: anna" in output
    assert f"A second person must approve it, not {_me()}." in output


def test_contacts_are_shown_with_how_to_reach_them(place: Path) -> None:
    """At the end of an escalated run the number stands there."""
    _policy(place, '[contacts]\ntests = "phone 4711"\n')
    (place / "answers").write_text("e it is too much\n", "utf-8")

    code, output = _said(place, "run", "./example", "-i", f"MARK={place / 'mark'}", "--answers", "answers")

    assert 4 == code, output
    assert "call tests (phone 4711)." in output

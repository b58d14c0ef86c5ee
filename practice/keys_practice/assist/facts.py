"""What of this department a run may touch only with reason, as facts that can be compared.

setting NAME   how a setting stands, and how often it was changed
review         the answers that are held for a person
everything else: process, prompt, file, provider, answer
"""

import hashlib
from pathlib import Path

from keys_practice import keeper_client
from keys_practice.assist import files, settings
from keys_practice.assist.department import Department
from keys_practice.assist.places import AssistLayout
from keys_practice.errors import Unreachable
from keys_practice.processes import started_at_ticks
from keys_practice.snapshot import ABSENT, Change, Fact, Snapshot, with_later_break

PROCESSES = ("model", "assist", "customers")
NIGHTLY = '"kind": "nightly"'

__all__ = ["PROCESSES", "changes", "take", "with_later_break"]


def take(department: Department) -> Snapshot:
    """Look at the world."""
    layout = department.layout
    return Snapshot(_of_files(layout) | _of_settings(layout) | _of_processes(layout), 0, True)


def changes(department: Department, before: Snapshot) -> list[Change]:
    """What differs now from `before`. Answers that came since then are no difference; missing ones are."""
    now = take(department)
    found = []
    for name in sorted(before.facts.keys() | now.facts.keys()):
        was, is_now = before.facts.get(name), now.facts.get(name)
        fact = was or is_now
        if fact is None or was == is_now:
            continue
        words = [each.value if each else ABSENT for each in (was, is_now)]
        found.append(Change(fact.kind, f"{name} was {words[0]} and is {words[1]} ({fact.kind})."))
    return found


def first_answers(path: Path, count: int) -> str:
    """A digest of the first `count` answers, which nobody may change or remove."""
    with path.open("rb") as file:
        return _digest(b"".join(line for _, line in zip(range(count), file, strict=False)))


def _of_files(layout: AssistLayout) -> dict[str, Fact]:
    kinds = {
        "prompt": layout.prompts.iterdir(),
        "provider": [*layout.weights.iterdir(), layout.provider_state],
        "file": [
            *layout.bin.iterdir(),
            layout.units_file,
            layout.facts_file,
            layout.golden,
            layout.forbidden,
            layout.release,
            layout.page,
        ],
    }
    found = {
        f"file {path.relative_to(layout.folder)}": Fact(kind, _digest(path.read_bytes()))
        for kind, paths in kinds.items()
        for path in paths
        if path.is_file()
    }
    return found | {"the accepted nights": Fact("file", _nights(layout))}


def _nights(layout: AssistLayout) -> str:
    """Golden runs may be added; the nights stay as they are."""
    if not layout.golden_log.exists():
        return ABSENT
    lines = layout.golden_log.read_text("utf-8", "replace").splitlines()
    return _digest("\n".join(line for line in lines if NIGHTLY in line).encode())


def _of_settings(layout: AssistLayout) -> dict[str, Fact]:
    try:
        now = settings.read(layout)
        history = files.rows(layout.changes)
    except Unreachable:
        return {"the settings": Fact("file", "unreadable")}
    times = {name: sum(row["name"] == name for row in history) for name in now}
    return {
        f"the setting {name}": Fact(f"setting {name}", f"{each['value']} after {times[name]} changes")
        for name, each in now.items()
    } | {"the answers held for a person": Fact("review", _reviews(layout))}


def _reviews(layout: AssistLayout) -> str:
    try:
        return str(len(files.read_object(layout.reviews)))
    except Unreachable:
        return "unreadable"


def _of_processes(layout: AssistLayout) -> dict[str, Fact]:
    units = keeper_client.ask(layout, "status")["units"]
    return {f"the process of {name}": Fact("process", _process(units[name])) for name in PROCESSES}


def _process(unit: dict[str, object]) -> str:
    pid = unit["pid"]
    return f"{unit['state']} {pid}/{started_at_ticks(pid)}" if isinstance(pid, int) else str(unit["state"])


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]

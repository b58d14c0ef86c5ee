"""What the company's commands print, or files that hold the same. Nothing is changed by asking."""

import json
import subprocess
from pathlib import Path
from typing import Any

ASKING_SECONDS = 60
TABLES = ("invoices", "subscriptions")
# Named in place of an endpoint, this reads the examples beside the notebook, so that a person can press "run all".
EXAMPLE = "we_example"
EXAMPLES = Path("examples")

Found = dict[str, Any]


def both(records: str, ledger: str, endpoint: str) -> tuple[Found, Found]:
    """What is held, and what it must be by Stripe's events. Raises ValueError in words."""
    if bool(records) != bool(ledger):
        raise ValueError("Give both files, records and ledger, or none.")
    if endpoint == EXAMPLE and not records:
        records, ledger = str(EXAMPLES / "records.json"), str(EXAMPLES / "ledger.json")
    if records:
        return _whole(file(records), records), _whole(file(ledger), ledger)
    shown = asked("recordsctl", "show")
    told = asked("stripectl", "ledger", "--endpoint", endpoint, "--of", "-", "--json", stdin=shown)
    return _whole(parsed(shown, "recordsctl show"), "recordsctl show"), parsed(told, "stripectl ledger")


def deployments(path: str, endpoint: str) -> Any:
    """What `deployctl history --json` prints, or a file that holds it. Raises ValueError in words."""
    if endpoint == EXAMPLE and not path:
        path = str(EXAMPLES / "deployments.json")
    return file(path) if path else parsed(asked("deployctl", "history", "--json"), "deployctl history")


def asked(*argv: str, stdin: str = "") -> str:
    """The output of a command. Raises ValueError with the first line of its complaint."""
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=ASKING_SECONDS, check=False
        )
    except OSError as problem:
        raise ValueError(f"{argv[0]} can't be run: {problem.strerror}.") from problem
    except subprocess.TimeoutExpired:
        raise ValueError(f"{argv[0]} gave no answer within {ASKING_SECONDS} s.") from None
    if done.returncode:
        words = done.stderr.strip().splitlines()[:1] or [f"exit code {done.returncode}"]
        raise ValueError(f"{argv[0]} {argv[1]} did not work: {words[0][:300]}")
    return done.stdout


def parsed(text: str, where: str) -> Any:
    """JSON, or ValueError in words: a cut export must not look like agreement."""
    try:
        return json.loads(text)
    except ValueError as problem:
        raise ValueError(f"{where} gave no JSON, as if it had been cut off. Export it again.") from problem


def file(path: str) -> Any:
    """The JSON of a file. Raises ValueError in words."""
    try:
        return parsed(Path(path).read_text("utf-8"), path)
    except OSError as problem:
        raise ValueError(f"{path} can't be read: {problem.strerror}. Export it first.") from problem


def _whole(found: Any, where: str) -> Found:
    is_whole = isinstance(found, dict) and all(_is_table(found.get(table)) for table in TABLES)
    if not is_whole:
        raise ValueError(f"{where} holds no invoices and subscriptions. Export it again.")
    return dict(found)


def _is_table(rows: Any) -> bool:
    return isinstance(rows, list) and all(
        isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows
    )

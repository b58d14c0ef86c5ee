"""A journal that somebody has been at, met by every command: named with a way on, never a crash, never a change."""

from __future__ import annotations

import json
import sqlite3

import pytest
from small_pack import Place

EDITS = {
    "a line": "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'S1', 'S2') AS BLOB) WHERE seq = 2",
    "no JSON": "UPDATE entries SET line = CAST('x' AS BLOB) WHERE seq = 3",
    "an unknown event": (
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'StepEntered', 'StepLeft') AS BLOB) WHERE seq = 2"
    ),
    "an entry is gone": "DELETE FROM entries WHERE seq = 2",
    "the first entry is gone": "DELETE FROM entries WHERE seq = 1",
    "the last entries are gone": "DELETE FROM entries WHERE seq > 3",
    "all entries are gone": "DELETE FROM entries",
    "the run is gone": "DELETE FROM runs",
    "the spine is gone": "DELETE FROM spine",
    "the material is gone": "DELETE FROM blobs",
    "other material": "UPDATE blobs SET content = CAST('[]' AS BLOB)",
    "a link": "UPDATE entries SET link = 'x' WHERE seq = 2",
    "two entries swapped": (
        "UPDATE entries SET seq = 99 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = 3;"
        "UPDATE entries SET seq = 3 WHERE seq = 99"
    ),
    "a text in place of bytes": "UPDATE entries SET link = X'00ff' WHERE seq = 2",
}

CHAIN_BROKEN = set(EDITS) - {"the spine is gone", "the last entries are gone"}


def _edit(place: Place, statement: str) -> None:
    connection = sqlite3.connect(place.home / "journal.db", isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.executescript(statement)
    connection.close()


@pytest.mark.parametrize("what", EDITS)
def test_every_command_meets_an_edited_journal_in_words(place: Place, what: str) -> None:
    """`verify` finds it; the others show what they can or say why not; nothing is started on it."""
    place.write(change='touch "$HOME/canary"')
    assert place.run_to_end()[0] == 7
    run = json.loads(place.said("runs", "--json")[1])[0]["run"]
    _edit(place, EDITS[what])
    for arguments in (
        ("verify",),
        ("verify", run),
        ("runs",),
        ("show", run),
        ("show",),
        ("show", run, "--entries"),
        ("resume", run, "--answers", place.answers()),
        ("resume", "--answers", place.answers()),
    ):
        code, output = place.said(*arguments)
        assert code in (0, 1, 7), (arguments, output)
        assert "bug of ours" not in output
    if what in CHAIN_BROKEN:
        assert place.said("resume", run, "--answers", place.answers())[0] == 1
    code, output = place.said("verify")
    assert code == 1, output
    assert "DAMAGED" in output
    assert not (place.folder / "canary").exists()

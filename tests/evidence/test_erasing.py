"""Personal data goes, the chain stays, and who erased what and why is on the record and in the export."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from keyring import wait

from runbook_keys.bootstrap import services
from runbook_keys.errors import JournalDamaged, Refused, RefusedInput
from runbook_keys.evidence.bundle.check import check_bundle
from runbook_keys.model.actor import Actor, ActorKind
from runbook_keys.model.entry import Damage
from runbook_keys.operations.record.erase import erasable, erase
from runbook_keys.operations.record.verify import verify
from runbook_keys.operations.reports.export import Exported, export, public_keys_of
from runbook_keys.system.signing import is_signed

sys.path.insert(0, f"{Path(__file__).parents[1] / 'hostile'}")
from small_pack import Place

WHO = Actor(ActorKind.OPERATOR, "anna")
NAME = b"Jane Roe, room 12"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A run that ended, with a note in it, and one that waits."""
    place = Place(tmp_path_factory.mktemp("erasing"))
    undo = ('rm "$HOME/changed"', 'test ! -e "$HOME/changed"')
    place.write(change='touch "$HOME/changed"', verify='test -e "$HOME/changed"', undo=undo)
    assert place.run_to_end(f"n {NAME.decode()}", "")[0] == 0
    assert place.run_to_end("q")[0] == 7
    return place


def erased(home: Path, number: int, entries: tuple[int, ...] = (), reason: str = "request 7") -> int:
    """Erase from the run of this place in the list, oldest first."""

    async def body() -> int:
        async with services(home=home) as opened:
            run = (await opened.store.runs())[number].run
            return await erase(opened, WHO, await erasable(opened, run, entries), reason)

    return wait(body())


def damages(home: Path) -> tuple[Damage, ...]:
    """What `keys verify` finds."""

    async def body() -> tuple[Damage, ...]:
        async with services(home=home) as opened:
            return (await verify(opened)).damages

    return wait(body())


def bundle(home: Path) -> Exported:
    """The first run's bundle."""

    async def body() -> Exported:
        async with services(home=home) as opened:
            return await export(opened, (await opened.store.runs())[0].run)

    return wait(body())


def files_of(home: Path) -> bytes:
    """All bytes below the journal's folder."""
    return b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


def test_a_run_that_has_not_ended_keeps_its_material(ended: Place) -> None:
    """It may still need it."""
    with pytest.raises(RefusedInput, match="has not ended"):
        erased(ended.home, 1)


def test_nothing_is_erased_without_a_reason(ended: Place) -> None:
    """Refused before anything is gone."""
    with pytest.raises(Refused, match="why it is erased"):
        erased(ended.home, 0, reason="  ")
    assert NAME in files_of(ended.home)


def test_an_entry_without_material_is_named(ended: Place) -> None:
    """A wrong number is told."""
    with pytest.raises(RefusedInput, match="Entry 2, 99 of run"):
        erased(ended.home, 0, (2, 99))


def test_nobody_at_the_terminal_erases_nothing(ended: Place) -> None:
    """End of input is no yes; a wrong name is none either."""
    run = ended.said("runs")[1].split()[0]
    code, said = ended.said("erase", run, "--reason", "x")
    assert (code, "Nothing was erased" in said) == (1, True)
    code, said = ended.said("erase", run, "--reason", "x", "--confirm", "r-other")
    assert (code, "Nothing was erased" in said) == (1, True)


def test_a_run_whose_end_was_cut_off_is_left_as_it_is(ended: Place, tmp_path: Path) -> None:
    """The entry about the erasure would take the number of one that is missing: what is lost would look like a rewriting."""
    home = tmp_path / "cut"
    shutil.copytree(ended.home, home)
    assert erased(home, 0, (7,)) == 1
    journal = sqlite3.connect(home / "journal.db", isolation_level=None)
    for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        journal.execute(f"DROP TRIGGER {name}")
    journal.execute(
        "DELETE FROM entries WHERE run_no = 1 AND seq = (SELECT max(seq) FROM entries WHERE run_no = 1)"
    )
    journal.close()
    before = [each.code for each in damages(home)]
    with pytest.raises(JournalDamaged, match="are not those that the spine tells of"):
        erased(home, 0)
    assert [each.code for each in damages(home)] == before


def test_an_erased_note_is_gone_and_the_record_says_so(ended: Place) -> None:
    """Gone from every file; the chain verifies; the entry and the export tell who, when, why, which."""
    assert erased(ended.home, 0, (7,)) == 1
    assert NAME not in files_of(ended.home)
    assert damages(ended.home) == ()
    made = bundle(ended.home)
    assert check_bundle(dict(made.files), is_signed, public_keys_of(made.files)).damages == ()
    table = made.files["data/redacted.csv"].decode()
    assert "erased" in table
    assert "anna: Erased the material of entry 7 (request 7)" in table
    assert b"request 7" in made.files["data/report.html"]
    assert not any(name.startswith("data/notes/") for name in made.files)


def test_a_whole_run_can_be_erased_but_for_the_runbook_s_text(ended: Place) -> None:
    """Inputs and outputs go; the run can still be read and exported."""
    run = ended.said("runs")[1].split()[0]
    code, said = ended.said("erase", run, "--reason", "retention", "--confirm", run)
    assert code == 0, said
    assert damages(ended.home) == ()
    made = bundle(ended.home)
    assert "data/pack/README.md" in made.files
    assert not any(name.startswith(("data/outputs/", "data/inputs")) for name in made.files)

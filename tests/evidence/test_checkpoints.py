"""Checkpoints: when they are made, what they find, and what becomes of them without a key."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyring import (
    APPROVED,
    ENDED,
    OPENED,
    OTHER,
    RUN,
    checked,
    edit,
    entered,
    made,
    reasons,
    rewritten,
    signed_store,
    started,
    three_runs,
    told,
    verified,
    wait,
    write,
)

from runbook_keys.bootstrap import services
from runbook_keys.errors import JournalDamaged
from runbook_keys.journal.checkpoint import read_note, read_notes
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.operations.record.verify import verify
from runbook_keys.ports import JournalStore
from runbook_keys.stores.memory import MemoryStore
from runbook_keys.stores.notary import Notary
from runbook_keys.stores.sqlite import SqliteStore
from runbook_keys.system.signing import FolderSigner

WITHOUT_SIGNATURE = (
    "UPDATE checkpoints SET note = CAST(substr(CAST(note AS TEXT), 1,"
    " instr(CAST(note AS TEXT), char(10) || char(10)) + 1) AS BLOB) WHERE no = 2"
)
SAMPLES = Path(__file__).parent / "samples"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalStore]:
    """Each store, empty, with a signing key."""
    memory = MemoryStore(Notary(FolderSigner(tmp_path / "signing")))
    made: JournalStore = memory if request.param == "memory" else signed_store(tmp_path)
    yield made
    wait(made.close())


def test_a_checkpoint_is_made_where_something_is_promised(store: JournalStore) -> None:
    """At the opening, at each approval, before an irreversible start, at the end; not for what only looks."""
    write(store, RUN, 0, OPENED, entered(1))
    write(store, RUN, 2, started(SafetyClass.SAFE))
    write(store, RUN, 3, APPROVED)
    write(store, RUN, 4, started(SafetyClass.REVERSIBLE))
    write(store, RUN, 5, started(SafetyClass.IRREVERSIBLE))
    write(store, RUN, 6, ENDED)
    assert reasons(store) == ["run opened", "approval", "before an irreversible start", "run ended"]
    assert [each.gseq for each in wait(store.checkpoints())] == [2, 4, 6, 7]
    assert [each.gseq for each in wait(store.checkpoints(4, 6))] == [4, 6]


def test_a_long_quiet_run_gets_checkpoints_too(store: JournalStore) -> None:
    """After a hundred entries, and with the first append a quarter of an hour later."""
    write(store, RUN, 0, OPENED)
    for seq in range(1, 101):
        write(store, RUN, seq, entered(seq))
    write(store, RUN, 101, entered(101), minutes=14)
    write(store, RUN, 102, entered(102), minutes=16)
    assert reasons(store) == ["run opened", "100 entries", "15 minutes"]


def test_a_checkpoint_covers_what_was_appended_with_it(store: JournalStore) -> None:
    """It is there when the append returns, over the head that the append left."""
    write(store, RUN, 0, OPENED, entered(1))
    note = read_note(wait(store.checkpoints())[0].note)
    end = wait(store.spine())[-1]
    assert (note.gseq, note.link) == (end.gseq, end.spine_link)


def test_openssl_reads_the_signature(tmp_path: Path) -> None:
    """`openssl dgst -verify` with the public key file, on the text before the empty line."""
    three_runs(tmp_path)
    store = signed_store(tmp_path)
    content = wait(store.checkpoints())[-1].note
    wait(store.close())
    body, _, line = content.rpartition(b"\n\n")
    (tmp_path / "body").write_bytes(body + b"\n")
    (tmp_path / "signature").write_bytes(b64decode(line.split()[-1])[4:])
    (key,) = (tmp_path / "signing" / "public").iterdir()
    command = ["openssl", "dgst", "-sha256", "-verify", key, "-signature", tmp_path / "signature"]
    done = subprocess.run([*command, tmp_path / "body"], capture_output=True, text=True)
    assert done.stdout == "Verified OK\n"


def test_the_first_three_lines_are_a_plain_checkpoint(tmp_path: Path) -> None:
    """The journal's name, the number of rows, the chain value; other readers may ignore the rest."""
    three_runs(tmp_path)
    store = signed_store(tmp_path)
    origin, size, link = wait(store.checkpoints())[-1].note.decode().splitlines()[:3]
    assert re.fullmatch(r"runbook-keys/[0-9a-f]{16}", origin)
    assert (int(size), b64decode(link).hex()) == (12, wait(store.spine())[-1].spine_link)
    wait(store.close())


def test_a_whole_journal_is_signed_to_its_end(tmp_path: Path) -> None:
    """Nothing is found, and the report says how far the signatures reach."""
    three_runs(tmp_path)
    found = checked(tmp_path)
    assert (found.damages, found.notices, found.rows, found.last_no) == ((), (), 12, 6)


def test_a_journal_rewritten_without_the_key_is_found(tmp_path: Path) -> None:
    """Chain and spine fit again; the checkpoint says from where on it is another journal."""
    three_runs(tmp_path)
    rewritten(tmp_path)
    report = verified(tmp_path)
    assert "Checkpoint 3 does not fit row 6 of the spine: it was rewritten after row 4." in told(
        report.damages
    )


def test_whoever_waits_hears_how_far_it_is(tmp_path: Path) -> None:
    """A journal of years takes a while; both parts of the work end at the number of entries."""
    three_runs(tmp_path)
    heard: dict[str, tuple[int, int]] = {}

    async def body() -> None:
        async with services(home=tmp_path) as opened:
            await verify(replace(opened, progress=lambda doing, done, of: heard.update({doing: (done, of)})))

    wait(body())
    assert heard == {"reading entries": (12, 12), "checking entries": (12, 12)}


def test_a_cut_tail_is_found(tmp_path: Path) -> None:
    """The last run is gone from entries and spine; its checkpoints remember."""
    three_runs(tmp_path)
    edit(tmp_path, *(f"DELETE FROM {table} WHERE run_no = 3" for table in ("spine", "entries", "runs")))
    found = told(verified(tmp_path).damages)
    assert "Checkpoint 5 covers 10 rows, the spine ends at row 8: the rest was cut off." in found


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("DELETE FROM checkpoints WHERE no = 2", "Checkpoint 2: missing."),
        ("DELETE FROM checkpoints WHERE no IN (2, 3)", "Checkpoints 2 to 3: missing."),
        ("UPDATE checkpoints SET gseq = 3 WHERE no = 2", "Checkpoint 2 calls itself number 2 over row 4."),
        ("UPDATE checkpoints SET note = X'00' WHERE no = 2", "Checkpoint 2 can't be read"),
        (
            "UPDATE checkpoints SET note = CAST(replace(CAST(note AS TEXT), 'run ended', 'all good') AS BLOB) WHERE no = 2",
            "Checkpoint 2 has a signature that its key did not make",
        ),
        (
            WITHOUT_SIGNATURE,
            "Checkpoint 2 has a signature that its key did not make",
        ),
    ],
)
def test_a_checkpoint_that_somebody_touched_is_named(tmp_path: Path, statement: str, what: str) -> None:
    """Removed, renumbered, overwritten, reworded, or its signature taken off."""
    three_runs(tmp_path)
    edit(tmp_path, statement)
    assert what in told(checked(tmp_path).damages)


def test_a_forked_journal_is_found_by_the_copy(tmp_path: Path) -> None:
    """One copy goes on here, one there, with the same key: each one's checkpoints refute the other."""
    here, there = tmp_path / "here", tmp_path / "there"
    three_runs(here)
    shutil.copytree(here, there)
    for home, run in ((here, RUN), (there, OTHER)):
        store = signed_store(home)
        write(store, run, 0, OPENED, entered(1))
        wait(store.close())
    kept = made(there).checkpoint.note
    assert "Checkpoint 8 kept elsewhere does not fit row 14" in told(verified(here, kept=kept).damages)
    assert verified(there, kept=kept).damages == ()


def test_an_old_copy_put_back_is_found_by_a_kept_checkpoint(tmp_path: Path) -> None:
    """The old copy is whole in itself; only what was kept elsewhere tells."""
    here, old = tmp_path / "here", tmp_path / "old"
    three_runs(here)
    shutil.copytree(here, old)
    store = signed_store(here)
    write(store, RUN, 0, OPENED, entered(1))
    wait(store.close())
    kept = made(here).checkpoint.note
    assert verified(old).damages == ()
    assert "covers 14 rows, the spine ends at row 12" in told(verified(old, kept=kept).damages)


def test_a_journal_signed_anew_with_the_key_is_found_by_a_kept_checkpoint_only(tmp_path: Path) -> None:
    """Who holds file and key's folder can rewrite all of it; the note in somebody else's hands remains."""
    three_runs(tmp_path)
    kept = made(tmp_path).checkpoint.note
    rewritten(tmp_path)
    (tmp_path / "signing" / "latest").unlink()
    edit(tmp_path, "DELETE FROM checkpoints")
    made(tmp_path)
    assert verified(tmp_path).damages == ()
    assert "kept elsewhere does not fit row 12" in told(verified(tmp_path, kept=kept).damages)


def test_what_is_no_checkpoint_is_not_taken_for_one(tmp_path: Path) -> None:
    """A wrong file given to `--against` is told as such."""
    three_runs(tmp_path)
    for content in (b"x", b"\n\n", b"a\nb\nc\n\n", made(tmp_path).checkpoint.note[:-5]):
        with pytest.raises(JournalDamaged, match=r"no whole checkpoint|not a checkpoint"):
            verified(tmp_path, kept=content)


def test_several_kept_checkpoints_are_read_from_one_file(tmp_path: Path) -> None:
    """A file to which somebody appended one after the other."""
    three_runs(tmp_path)
    notes = [made(tmp_path).checkpoint.note for _ in range(3)]
    assert [note.no for note in read_notes(b"".join(notes))] == [7, 8, 9]


def test_a_missing_key_never_stops_a_run_and_is_named(tmp_path: Path) -> None:
    """Checkpoints go on unsigned and say why; no new key appears by itself; verify tells of the period."""
    three_runs(tmp_path)
    (tmp_path / "signing" / "key.pem").unlink()
    store = signed_store(tmp_path)
    write(store, RUN, 0, OPENED, entered(1))
    write(store, RUN, 2, ENDED)
    wait(store.close())
    found = checked(tmp_path)
    assert found.damages == ()
    assert found.rows == 12
    assert "Checkpoints 7 to 8 are not signed (rows 14 to 15): The signing key" in told(found.notices)
    assert not (tmp_path / "signing" / "key.pem").exists()


def test_an_unsigned_checkpoint_can_not_hide_a_removed_signature(tmp_path: Path) -> None:
    """Who takes the signature off and writes "unsigned" breaks the chain of the checkpoints."""
    three_runs(tmp_path)
    edit(
        tmp_path,
        "UPDATE checkpoints SET note = CAST(substr(CAST(note AS TEXT), 1, instr(CAST(note AS TEXT), char(10) || char(10)))"
        " || 'unsigned no key' || char(10) || char(10) AS BLOB) WHERE no = 2",
    )
    assert "Checkpoint 3 does not follow the one before it" in told(checked(tmp_path).damages)


def test_a_key_that_others_may_read_is_refused_and_named(tmp_path: Path) -> None:
    """It signs nothing until its mode is right again."""
    three_runs(tmp_path)
    (tmp_path / "signing" / "key.pem").chmod(0o644)
    assert "chmod 600" in made(tmp_path).fault


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """0600 in a folder of 0700, whatever the umask."""
    three_runs(tmp_path)
    assert (tmp_path / "signing").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "signing" / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_new_key_is_announced_by_the_old_one(tmp_path: Path) -> None:
    """Both keys verify their own checkpoints; the change itself is a signed checkpoint."""
    three_runs(tmp_path)
    before = made(tmp_path).key
    after = made(tmp_path, new_key="a year has passed").key
    report = verified(tmp_path)
    assert before != after
    assert (report.damages, report.notices, report.signed) == ((), (), 12)
    assert set(report.keys) == {before, after}


def test_a_key_that_nobody_announced_is_told(tmp_path: Path) -> None:
    """Honest after a loss, and what a forger would do: somebody must look."""
    three_runs(tmp_path)
    (tmp_path / "signing" / "key.pem").unlink()
    made(tmp_path, new_key="the disk was lost")
    assert "did not announce it" in told(verified(tmp_path).notices)


def test_signatures_by_an_unknown_key_are_told(tmp_path: Path) -> None:
    """The public key is not on this machine: nothing is claimed about them."""
    three_runs(tmp_path)
    shutil.rmtree(tmp_path / "signing")
    found = checked(tmp_path)
    assert (found.damages, found.rows) == ((), 0)
    assert "Checkpoints 1 to 6 are signed by a key that is not known here" in told(found.notices)


def test_a_run_of_another_s_journal_is_not_covered_by_name(tmp_path: Path) -> None:
    """One run's report says how many of its own entries are signed."""
    three_runs(tmp_path)
    store = SqliteStore.open(tmp_path / "journal.db")
    write(store, RUN, 0, OPENED, entered(1))
    wait(store.close())
    assert (verified(tmp_path, "r-1").signed, verified(tmp_path, RUN).signed) == (4, 0)


@pytest.mark.parametrize(
    ("name", "held"),
    [("before-checkpoints", (2, 23, 0)), ("with-checkpoints", (2, 23, 19)), ("remembered", (1, 92, 92))],
)
def test_journals_of_earlier_releases_verify_for_ever(
    tmp_path: Path, name: str, held: tuple[int, int, int]
) -> None:
    """Each kept sample is opened, brought up to date, and found whole; a run in it can be shown."""
    shutil.copytree(SAMPLES / name, tmp_path, dirs_exist_ok=True)
    report = verified(tmp_path)
    assert report.damages == ()
    assert (report.runs, report.entries, report.signed) == held

"""The last checkpoint that this machine signed lies beside its key: who writes the journal alone can't make it unsaid."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from a_journal import ESCALATED, Journal
from bundles import exported
from click.testing import CliRunner
from keyring import (
    APPROVED,
    ENDED,
    OPENED,
    OTHER,
    RUN,
    declared,
    edit,
    entered,
    made,
    open_another,
    rewritten,
    signed_store,
    three_runs,
    told,
    verified,
    wait,
    without_rights,
    write,
)

from runbook_keys.cli.main import cli
from runbook_keys.errors import JournalDamaged, JournalUnavailable
from runbook_keys.journal.checkpoint import body_of, note_of, origin_of, read_note
from runbook_keys.model.entry import Checkpoint, SpineRow
from runbook_keys.operations.recorded import find_run, undamaged
from runbook_keys.operations.services import Services
from runbook_keys.stores.memory import MemoryStore
from runbook_keys.stores.notary import Notary
from runbook_keys.system.signing import FolderSigner

HERE = str(Path(__file__).parent)
UNFIT = r"Checkpoint 6, the last one that this machine signed, does not fit row 12 of the spine"
Attack = Callable[[Path], None]


def signed_anew(home: Path) -> None:
    """Every checkpoint written anew over the spine as it is now, by a key that is not this machine's."""
    checkpoints_anew(home, {}, forged_by(home))


def left_unsigned(home: Path) -> None:
    """Every checkpoint written anew, and each says that there was no key."""
    checkpoints_anew(home, {"unsigned": "The signing key is gone."}, note_of)


def forged_by(home: Path) -> Callable[[bytes], bytes]:
    """What makes notes that a foreign key signed."""
    forger = FolderSigner(home.with_name("forger"))

    def seal(body: bytes) -> bytes:
        signature = forger.sign(body)
        return note_of(body, signature.key, signature.value)

    return seal


def checkpoints_anew(home: Path, more: dict[str, str], seal: Callable[[bytes], bytes]) -> None:
    """The same numbers, rows, times and reasons as before; the links are those of the spine now."""
    edit(home)
    connection = sqlite3.connect(home / "journal.db", isolation_level=None)
    spine = {row[0]: SpineRow(*row) for row in connection.execute("SELECT * FROM spine").fetchall()}
    before: Checkpoint | None = None
    for no, gseq, note in connection.execute("SELECT no, gseq, note FROM checkpoints").fetchall():
        old = read_note(note)
        at = datetime.fromisoformat(old.at)
        body = body_of(origin_of(spine[1]), spine[gseq], no, before, at, old.why, more)
        before = Checkpoint(no, gseq, seal(body))
        connection.execute("UPDATE checkpoints SET note = ? WHERE no = ?", (before.note, no))
    connection.close()


def latest(home: Path) -> Path:
    """Where it lies."""
    return home / "signing" / "latest"


def remembered(home: Path) -> int:
    """The number of the checkpoint that lies there."""
    return read_note(latest(home).read_bytes()).no


def notes(home: Path) -> list[bytes]:
    """All checkpoints of the journal."""
    store = signed_store(home)
    found = [each.note for each in wait(store.checkpoints())]
    wait(store.close())
    return found


def put_back(home: Path, backup: Path) -> None:
    """An old copy of the journal's file, without the key's folder."""
    for path in home.glob("journal.db*"):
        path.unlink()
    shutil.copy(backup / "journal.db", home / "journal.db")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three runs, six checkpoints, twelve rows."""
    home = tmp_path / "home"
    home.mkdir()
    three_runs(home)
    return home


def test_the_newest_signed_checkpoint_lies_beside_the_key(home: Path) -> None:
    """As it stands in the journal, for its owner alone, and nothing is said of it."""
    assert latest(home).read_bytes() == notes(home)[-1]
    assert latest(home).stat().st_mode & 0o777 == 0o600
    report = verified(home)
    assert (report.damages, report.notices, report.anchored) == ((), (), ())


@pytest.mark.parametrize("attack", [signed_anew, left_unsigned])
def test_a_history_that_was_rewritten_without_our_key_is_named(home: Path, attack: Attack) -> None:
    """Chain, spine and checkpoints fit each other; what this machine signed last does not."""
    rewritten(home)
    attack(home)
    report = verified(home)
    assert [each.code for each in report.damages] == ["remembered-rewritten"]
    assert "kept beside its key" in told(report.damages)
    assert report.alarm is not None


@pytest.mark.parametrize("attack", [signed_anew, left_unsigned])
def test_no_new_run_is_opened_and_nothing_is_signed_over_a_rewritten_history(
    home: Path, attack: Attack
) -> None:
    """Nobody has run `keys verify`; the evidence stays where it is."""
    rewritten(home)
    attack(home)
    kept, forged = latest(home).read_bytes(), notes(home)
    with pytest.raises(JournalUnavailable, match=UNFIT):
        open_another(home)
    assert (latest(home).read_bytes(), notes(home)) == (kept, forged)


@pytest.mark.parametrize("attack", [signed_anew, left_unsigned])
def test_a_journal_rewritten_from_its_first_row_on_is_named(home: Path, attack: Attack) -> None:
    """Its name changes with its first row: it alarms all the same, since nobody put that file there by mistake."""
    edit(
        home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), '1.0.0', '2.0.0') AS BLOB) WHERE run_no = 1",
    )
    rewritten(home)
    attack(home)
    report = verified(home)
    assert [each.code for each in report.damages] == ["remembered-foreign"]
    assert report.alarm is not None


def test_a_run_under_way_goes_on_and_sounds_the_alarm(home: Path) -> None:
    """What it did must not be lost. Its checkpoint does not take the place of the evidence."""
    open_another(home)
    kept = latest(home).read_bytes()
    rewritten(home)
    signed_anew(home)
    store = signed_store(home)
    assert write(store, OTHER, 2, ENDED) == 3
    alarm = store.alarm()
    assert alarm is not None
    assert "the last one that this machine signed" in alarm.what
    assert latest(home).read_bytes() == kept
    wait(store.close())
    assert "remembered-rewritten" in {each.code for each in verified(home).damages}


@pytest.mark.parametrize("attack", [signed_anew, left_unsigned])
def test_a_run_that_was_rewritten_up_to_its_checkpoints_is_neither_resumed_nor_exported(
    tmp_path: Path, attack: Attack
) -> None:
    """Else a forged approval in it would be followed, and get our signature as evidence."""
    journal = Journal(tmp_path / "home")
    journal.install()
    run = journal.run(*ESCALATED)
    edit(
        journal.home,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'anna', 'nina') AS BLOB) WHERE run_no = 1",
    )
    rewritten(journal.home)
    attack(journal.home)

    async def looked_at(at: Services) -> None:
        await undamaged(at, await find_run(at, run))

    with pytest.raises(JournalDamaged, match=r"Checkpoint \d+ tells of it differently"):
        journal.do(looked_at)
    with pytest.raises(JournalDamaged, match="It is not exported"):
        exported(journal.home, run)


def test_an_end_that_was_cut_off_with_its_checkpoints_is_named(home: Path) -> None:
    """What is left is a whole, older journal; only the note beside the key tells."""
    edit(
        home,
        "DELETE FROM checkpoints WHERE no > 4",
        *(f"DELETE FROM {table} WHERE run_no = 3" for table in ("spine", "entries", "runs")),
    )
    with pytest.raises(JournalUnavailable, match=UNFIT):
        open_another(home)
    assert [each.code for each in verified(home).damages] == ["remembered-cut"]


def test_a_journal_that_is_gone_is_not_begun_anew_beside_its_key(home: Path) -> None:
    """The first run in the empty file is refused; an incident gets a folder of its own."""
    for path in home.glob("journal.db*"):
        path.unlink()
    with pytest.raises(JournalUnavailable, match=UNFIT):
        open_another(home)
    assert [each.code for each in verified(home).damages] == ["remembered-cut"]
    with pytest.raises(JournalUnavailable, match="set KEYS_HOME to a new folder"):
        declared(home)


def test_a_restored_journal_is_declared_and_the_declaration_is_remembered(home: Path, tmp_path: Path) -> None:
    """Its number is above the one that was lost, and new runs are taken again."""
    shutil.copytree(home, tmp_path / "backup")
    open_another(home)
    assert remembered(home) == 7
    put_back(home, tmp_path / "backup")
    assert [each.code for each in verified(home).damages] == ["remembered-cut"]
    assert declared(home) == 8
    assert remembered(home) == 8
    open_another(home, RUN)
    assert remembered(home) == 9
    report = verified(home)
    assert (report.damages, report.alarm) == ((), None)


def test_a_forged_history_that_somebody_declares_alarms_no_more(home: Path) -> None:
    """It stays on record, signed, that it was rewritten; what comes then is guarded anew."""
    rewritten(home)
    signed_anew(home)
    declared(home)
    open_another(home)
    assert verified(home).damages == ()
    assert remembered(home) == 8


def test_a_process_killed_between_declaration_and_memory_leaves_a_journal_that_goes_on(home: Path) -> None:
    """The note beside the key is one that the journal declares as lost: it fits, and the next one takes its place."""
    rewritten(home)
    signed_anew(home)
    kept = latest(home).read_bytes()
    declared(home)
    latest(home).write_bytes(kept)
    assert verified(home).damages == ()
    open_another(home)
    assert remembered(home) == 8
    assert verified(home).damages == ()


def test_a_declaration_that_another_key_signed_does_not_count(home: Path) -> None:
    """Who rewrites the journal would declare that, too."""
    rewritten(home)
    signed_anew(home)
    kept = latest(home).read_bytes()
    declared(home)
    latest(home).write_bytes(kept)
    marks = " ".join(read_note(notes(home)[-1]).known)
    edit(home, "DELETE FROM checkpoints WHERE no = 7")
    checkpoints_anew(home, {"known": marks}, forged_by(home))
    with pytest.raises(JournalUnavailable, match=UNFIT):
        open_another(home)


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from keyring import OPENED, entered, signed_store, write
from runbook_keys.system.signing import FolderSigner

FolderSigner.remember = lambda self, note: os.kill(os.getpid(), 9)
write(signed_store(Path(sys.argv[1])), "r-killed", 0, OPENED, entered(1))
"""


def test_a_process_killed_between_commit_and_memory_leaves_an_older_note_and_that_is_told(home: Path) -> None:
    """The entry is durable; the older note is still true, no damage, and the next one takes its place."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(home), HERE], check=False).returncode == -9
    assert (len(notes(home)), remembered(home)) == (7, 6)
    report = verified(home)
    assert (report.entries, report.damages, report.notices) == (14, (), ())
    assert "beside its key is 6; the journal's newest signed one is 7" in report.unremembered
    open_another(home)
    assert (remembered(home), verified(home).unremembered) == (8, "")


HALF = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from keyring import OPENED, entered, signed_store, write

Path.replace = lambda self, target: os.kill(os.getpid(), 9)
write(signed_store(Path(sys.argv[1])), "r-killed", 0, OPENED, entered(1))
"""


def test_a_draft_that_a_killed_process_left_is_cleared_away(home: Path) -> None:
    """And what was remembered before is whole."""
    assert subprocess.run([sys.executable, "-c", HALF, str(home), HERE], check=False).returncode == -9
    assert (len(list(latest(home).parent.glob("latest.*"))), remembered(home)) == (1, 6)
    open_another(home)
    assert (list(latest(home).parent.glob("latest.*")), remembered(home)) == ([], 8)


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from keyring import APPROVED, OPENED, signed_store, write

store, run = signed_store(Path(sys.argv[1])), sys.argv[3]
print("ready", flush=True)
input()
head = write(store, run, 0, OPENED)
for _ in range(60):
    head = write(store, run, head, APPROVED)
"""


def test_two_processes_that_write_at_once_leave_a_note_that_fits(home: Path) -> None:
    """Each checkpoint of either may be the one that stays; the next one is newer than all."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home), HERE, run],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for run in (RUN, OTHER)
    ]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert latest(home).read_bytes() in notes(home)
    assert remembered(home) > 60
    store = signed_store(home)
    assert store.alarm() is None
    wait(store.close())
    assert made(home).checkpoint.note == latest(home).read_bytes()
    codes = {each.code for each in verified(home).damages}
    assert not {code for code in codes if code.startswith("remembered")}


def unreadable(home: Path) -> None:
    """Something that is no file."""
    latest(home).unlink()
    latest(home).mkdir()


def cut_short(home: Path) -> None:
    """What a disk may leave."""
    latest(home).write_bytes(latest(home).read_bytes()[:40])


def emptied(home: Path) -> None:
    """What another disk may leave."""
    latest(home).write_bytes(b"")


@pytest.mark.parametrize("spoil", [unreadable, cut_short, emptied])
def test_a_note_that_can_not_be_read_is_told_and_stops_nobody(home: Path, spoil: Attack) -> None:
    """The notice names the file; runs go on."""
    spoil(home)
    report = verified(home)
    assert report.damages == ()
    assert f"{latest(home)} " in told(report.notices)
    open_another(home)
    assert verified(home).damages == ()


def test_a_note_that_somebody_changed_is_damage(home: Path) -> None:
    """It names the right row, and its signature is wrong."""
    latest(home).write_bytes(latest(home).read_bytes().replace(b"why run ended", b"why all good"))
    assert [each.code for each in verified(home).damages] == ["remembered-signature"]


def test_a_home_of_an_older_release_is_guarded_from_its_next_checkpoint_on(home: Path) -> None:
    """Where nothing is remembered, that is told, and it is no damage."""
    latest(home).unlink()
    report = verified(home)
    assert (report.damages, report.notices) == ((), ())
    assert "beside its key is missing" in report.unremembered
    open_another(home)
    assert latest(home).read_bytes() == notes(home)[-1]
    assert verified(home).unremembered == ""


def test_what_is_not_signed_is_not_remembered(home: Path) -> None:
    """Without the key, an older one stays, and it still is true."""
    (home / "signing" / "key.pem").unlink()
    open_another(home)
    assert (len(notes(home)), remembered(home)) == (7, 6)
    assert verified(home).damages == ()


def test_a_new_key_signs_the_note_from_then_on(home: Path) -> None:
    """The note of the old key gives way to the new one's."""
    made(home, new_key="a year has passed")
    assert remembered(home) == 8
    assert (verified(home).damages, verified(home).notices) == ((), ())


@pytest.fixture
def no_place(home: Path) -> Path:
    """A home where nothing can take the place of what is remembered."""
    latest(home).unlink()
    latest(home).mkdir()
    (latest(home) / "in the way").write_bytes(b"")
    return home


def test_a_folder_that_takes_no_file_stops_nobody_and_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full or read-only disk under `signing/`: the older note stays, and the writer says so; so does `keys verify`."""
    # Not below pytest's own folder: another login can't go through that one.
    with TemporaryDirectory(prefix="keys-remembered-") as folder:
        home = Path(folder)
        three_runs(home)
        store = signed_store(home)
        write(store, OTHER, 0, OPENED)
        assert store.notice() == ""
        home.chmod(0o755)
        (home / "signing").chmod(0o555)
        latest(home).chmod(0o644)
        with without_rights():
            write(store, OTHER, 1, APPROVED)
            said = store.notice()
            write(store, OTHER, 2, APPROVED)
        assert "is not remembered beside the key" in said
        assert "Permission denied" in said
        assert store.notice() == ""
        wait(store.close())
        (home / "signing").chmod(0o700)
        report = verified(home)
        assert (report.damages, remembered(home)) == ((), 7)
        assert "beside its key is 7; the journal's newest signed one is 9" in report.unremembered
        monkeypatch.setenv("KEYS_HOME", str(home))
        for command in ("verify", "doctor"):
            assert "newest signed one is 9" in " ".join(CliRunner().invoke(cli, [command]).output.split())


def test_whoever_makes_a_checkpoint_by_hand_is_told_that_it_is_not_remembered(
    no_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is signed and in the journal, and the command succeeds."""
    monkeypatch.setenv("KEYS_HOME", str(no_place))
    done = CliRunner().invoke(cli, ["checkpoint"])
    assert (done.exit_code, len(notes(no_place))) == (0, 7)
    assert "is not remembered beside the key" in " ".join(done.stderr.split())


def test_the_store_in_memory_keeps_the_same_promise(tmp_path: Path) -> None:
    """Another journal beside the same key is refused."""
    first = MemoryStore(Notary(FolderSigner(tmp_path / "signing")))
    write(first, RUN, 0, OPENED, entered(1))
    assert write(first, OTHER, 0, OPENED, entered(1)) == 2
    second = MemoryStore(Notary(FolderSigner(tmp_path / "signing")))
    with pytest.raises(JournalUnavailable, match="the last one that this machine signed"):
        write(second, RUN, 0, OPENED, entered(1))

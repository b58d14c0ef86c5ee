"""Bundles altered by whoever holds the signing key, as the audited party does: all links and signatures fit again."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from a_journal import ANNA, ESCALATED, Journal
from bundles import exported, findings, outsider, script, written
from forging import notes_rewritten, run_rewritten, sealed
from keyring import AT, wait

from runbook_keys.bootstrap import services
from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import (
    AttemptFinished,
    AttemptStarted,
    BreachAware,
    FileAttached,
    NoteAdded,
    StepDoubted,
)
from runbook_keys.model.key import KeyMode, KeyRecord
from runbook_keys.model.outcome import OutcomeKind, Role
from runbook_keys.model.runbook import SafetyClass
from runbook_keys.operations.record.erase import erasable, erase
from runbook_keys.operations.reports.export import check_files
from runbook_keys.operations.services import Services
from runbook_keys.system.signing import FolderSigner

sys.path.insert(0, f"{Path(__file__).parents[1] / 'hostile'}")
from small_pack import Place

Files = dict[str, bytes]
Forgery = Callable[[Files, FolderSigner], Files]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with a run that has outputs, a note, two attached files, a doubt and words about a breach."""
    place = Place(tmp_path_factory.mktemp("forged"))
    place.write(
        look="echo looked; echo badly >&2",
        change='touch "$HOME/changed"',
        undo=('rm "$HOME/changed"', 'test ! -e "$HOME/changed"'),
    )
    assert place.run_to_end("n the tape was changed", "")[0] == 0

    async def body() -> None:
        async with services(home=place.home) as opened:
            head = (await opened.store.runs())[0]
            blobs = [seal(f"piece {number}".encode(), bytes([number]) * 16) for number in range(4)]
            digests = [blob.digest for blob in blobs]
            events = [
                FileAttached("V1", "log.txt", 7, digests[0]),
                FileAttached("V1", 'odd "name_blob":".txt', 7, digests[1]),
                StepDoubted("V1", "x", digests[2]),
                BreachAware("2027-01-01T00:00:00.000Z", digests[3]),
            ]
            await opened.store.append(head.run, head.seq, AT.replace(year=2027), DRIVER, events, blobs)

    wait(body())
    return place.home


@pytest.fixture(scope="session")
def signer(home: Path) -> FolderSigner:
    """The key that signed the journal and the bundle."""
    return FolderSigner(home / "signing")


@pytest.fixture(scope="session")
def bundle(home: Path) -> Files:
    """The bundle's files."""

    async def body() -> str:
        async with services(home=home) as opened:
            return (await opened.store.runs())[0].run

    return dict(exported(home, wait(body())).files)


def _lines(files: Files) -> list[bytes]:
    return files["data/entries.jsonl"].splitlines(keepends=True)


def _note(files: Files) -> tuple[str, str]:
    line = next(line for line in _lines(files) if b'"event":"NoteAdded"' in line)
    digest = re.search(rb'"note_blob":"([0-9a-f]{64})"', line)
    seq = re.search(rb'"seq":(\d+),', line)
    assert digest
    assert seq
    return f"data/notes/{int(seq[1]):04}.txt", f"data/material/{digest[1].decode()}"


def _without(files: Files, *paths: str) -> Files:
    assert set(paths) <= files.keys()
    return {path: content for path, content in files.items() if path not in paths}


def _a_note_and_its_material_gone(files: Files, signer: FolderSigner) -> Files:
    return sealed(_without(files, *_note(files)), signer)


def _line_edited(number: int, old: bytes, new: bytes) -> Forgery:
    def forge(files: Files, signer: FolderSigner) -> Files:
        lines = _lines(files)
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new)
        return sealed(run_rewritten(files, lines, signer), signer)

    return forge


def _an_entry_removed(files: Files, signer: FolderSigner) -> Files:
    lines = _lines(files)
    return sealed(run_rewritten(files, [*lines[:2], *lines[3:]], signer), signer)


def _a_doubled_line_in_the_list(files: Files, signer: FolderSigner) -> Files:
    line = sealed(files, signer)["manifest-sha256.txt"].decode().splitlines(keepends=True)[0]
    return sealed(files, signer, line)


def _a_gap_in_the_notes(files: Files, signer: FolderSigner) -> Files:
    names = sorted(name for name in files if name.endswith(".note"))
    assert len(names) >= 3
    return sealed(notes_rewritten(_without(files, names[1]), signer), signer)


def _notes_misnumbered(files: Files, signer: FolderSigner) -> Files:
    return sealed(
        notes_rewritten(files, signer, lambda body: re.sub(rb"\nno (\d+)\n", rb"\nno 7\1\n", body)), signer
    )


def _a_second_line_in_the_start(files: Files, signer: FolderSigner) -> Files:
    start = files["data/start.txt"]
    return sealed({**files, "data/start.txt": 2 * start}, signer)


def _a_gap_in_the_spine(files: Files, signer: FolderSigner) -> Files:
    rows = [row.split(b" ", 1) for row in files["data/spine.txt"].splitlines(keepends=True)]
    moved = b"".join(b"%d %b" % (int(place) + (number > 1), row) for number, (place, row) in enumerate(rows))
    note = max(name for name in files if name.endswith(".note"))
    last = int(rows[-1][0])
    edited = files[note].replace(b"\n%d\n" % last, b"\n%d\n" % (last + 1), 1)
    kept = _without(files, *(name for name in files if name.endswith(".note")))
    return sealed(notes_rewritten({**kept, "data/spine.txt": moved, note: edited}, signer), signer)


def _copy_edited(pattern: str) -> Forgery:
    def forge(files: Files, signer: FolderSigner) -> Files:
        path = next(path for path in sorted(files) if re.fullmatch(pattern, path))
        return sealed({**files, path: files[path] + b"approved\n"}, signer)

    return forge


def _copy_gone(files: Files, signer: FolderSigner) -> Files:
    return sealed(_without(files, _note(files)[0]), signer)


def _copy_added(files: Files, signer: FolderSigner) -> Files:
    return sealed({**files, "data/notes/0002.txt": b"bela agreed by telephone\n"}, signer)


def _copies_exchanged(files: Files, signer: FolderSigner) -> Files:
    one, other = sorted(path for path in files if path.startswith("data/attachments/"))
    return sealed({**files, one: files[other], other: files[one]}, signer)


RECORDS: dict[str, tuple[str, Forgery]] = {
    "a note and its material gone": (
        r"its material .* is not here, and no",
        _a_note_and_its_material_gone,
    ),
    "a wrong number in a line": (r"Entry 3\b", _line_edited(2, b'"seq":3,', b'"seq":4,')),
    "a line of another run": (r"Entry 3\b", _line_edited(2, b'"run":"r-', b'"run":"q-')),
    "an entry removed": (r"Entry 3\b", _an_entry_removed),
    "a doubled line in the list": (r"data/approvals\.csv is listed twice", _a_doubled_line_in_the_list),
    "a gap in the checkpoints": (r"000003\.note|Checkpoint 2\b", _a_gap_in_the_notes),
    "checkpoints misnumbered": (r"000001\.note|Checkpoint 1\b", _notes_misnumbered),
    "a second line in the start": (r"data/start\.txt", _a_second_line_in_the_start),
    "a gap in the spine": (r"spine", _a_gap_in_the_spine),
}

COPIES: dict[str, tuple[str, Forgery]] = {
    "a note reworded": (r"data/notes/", _copy_edited(r"data/notes/.*")),
    "an attached file changed": (r"data/attachments/", _copy_edited(r"data/attachments/.*")),
    "values changed": (r"data/inputs\.json", _copy_edited(r"data/inputs\.json")),
    "other words changed": (r"data/other/", _copy_edited(r"data/other/.*")),
    "a note left out": (r"[Ee]ntry \d+: the copy|data/notes/", _copy_gone),
    "a note added": (r"data/notes/0002\.txt", _copy_added),
    "two attached files exchanged": (r"data/attachments/", _copies_exchanged),
}

REWRITTEN: dict[str, tuple[str, Forgery]] = {
    "an output reworded": (r"data/outputs/.*stdout", _copy_edited(r"data/outputs/.*stdout\.txt")),
    "the runbook reworded": (r"data/pack/README\.md", _copy_edited(r"data/pack/README\.md")),
}


def test_a_bundle_made_anew_by_the_forger_without_a_change_verifies(
    bundle: Files, signer: FolderSigner, tmp_path: Path
) -> None:
    """So that each forgery below is found for what it is, and not for how it was sealed."""
    files = sealed(run_rewritten(bundle, _lines(bundle), signer), signer)
    folder = written(files, tmp_path / "bundle")
    assert findings(files) == ()
    assert script(folder)[0] == 0, script(folder)[1]
    assert outsider(folder) == (0, "VERIFIED\n")


@pytest.mark.parametrize("what", [*RECORDS, *COPIES])
def test_a_forgery_under_the_true_key_is_named_by_all_three(
    bundle: Files, signer: FolderSigner, tmp_path: Path, what: str
) -> None:
    """The script and KEYS say which entry or file it is; the verifier that somebody else wrote refuses it too."""
    named, forge = {**RECORDS, **COPIES}[what]
    files = forge(dict(bundle), signer)
    folder = written(files, tmp_path / "bundle")
    code, said = script(folder)
    assert (code, bool(re.search(f"BAD .*({named})", said))) == (1, True), said
    assert findings(files) != ()
    assert outsider(folder)[0] == 1


@pytest.mark.parametrize("what", REWRITTEN)
def test_a_copy_that_is_spelled_otherwise_than_its_material_is_held_against_it_by_keys(
    bundle: Files, signer: FolderSigner, what: str
) -> None:
    """The page says that the script does not do this."""
    named, forge = REWRITTEN[what]
    assert re.search(named, " ".join(findings(forge(dict(bundle), signer))))


def _checked(files: Files, home: Path) -> tuple[str, str]:
    async def look() -> tuple[str, str]:
        async with services(home=home) as opened:
            found = check_files(opened, files)
            return " ".join(found.report.damages), " ".join(found.report.notices)

    return wait(look())


TABLES = ("report.html", "timeline.csv", "approvals.csv", "controls.csv", "material.csv", "redacted.csv")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_reworded_under_the_true_key_is_named_by_keys(
    bundle: Files, signer: FolderSigner, tmp_path: Path, name: str
) -> None:
    """It is made anew from the record, on a machine that does not know the journal."""
    assert _checked(bundle, tmp_path / "home")[0] == ""
    forged = _copy_edited(rf"data/{name}")(dict(bundle), signer)
    assert f"data/{name} is not what KEYS makes" in _checked(forged, tmp_path / "home")[0]


def test_tables_of_another_release_are_said_not_to_be_compared(
    bundle: Files, signer: FolderSigner, tmp_path: Path
) -> None:
    """Its words may be others, so that a difference would say nothing; silence would say too much."""
    info = re.sub(rb"KEYS \S+", b"KEYS 0.0.1", bundle["bag-info.txt"])
    damages, notices = _checked(sealed({**bundle, "bag-info.txt": info}, signer), tmp_path / "home")
    assert damages == ""
    assert "made by KEYS 0.0.1" in notices
    assert "data/report.html" in notices


@pytest.fixture(scope="session")
def called(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, FolderSigner]:
    """The bundle of a run that called a KEY with files of odd names; the key that signed it."""
    journal = Journal(tmp_path_factory.mktemp("called") / "home")
    journal.install()
    run = journal.run()
    pieces = [seal(f"piece {number}".encode(), bytes([number]) * 16) for number in range(5)]
    arguments, result, *kept = [piece.digest for piece in pieces]
    shown = seal(b'{"stdout":"looked","stderr":""}', bytes(16))
    files = dict(zip(['a}".txt', "b_blob", "\u202e,\\"], kept, strict=True))
    record = KeyRecord("look", "1.0.0", 64 * "0", KeyMode.RUN, "python", arguments, result, files)
    command = sha256(b"").hexdigest()
    events = [
        AttemptStarted("S1", Role.WORK, 1, SafetyClass.SAFE, "bash", "", command),
        AttemptFinished("S1", Role.WORK, 1, OutcomeKind.SUCCEEDED, 0, output_blob=shown.digest, key=record),
    ]

    async def body(opened: Services) -> None:
        await opened.store.append(run, 2, opened.clock.now(), DRIVER, events, [*pieces, shown])

    journal.do(body)
    return dict(exported(journal.home, run).files), FolderSigner(journal.home / "signing")


@pytest.fixture(scope="session")
def erased(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, FolderSigner]:
    """The bundle of a run whose note, entry 6, was erased by entry 7; the key that signed it."""
    journal = Journal(tmp_path_factory.mktemp("erased") / "home")
    journal.install()
    run, note = journal.run(*ESCALATED), seal(b"Jane Roe", bytes(16))

    async def body(opened: Services) -> None:
        await opened.store.append(run, 5, opened.clock.now(), ANNA, [NoteAdded("S1", note.digest)], [note])
        await erase(opened, ANNA, await erasable(opened, run, (6,)), 'asked for by "digests":[')

    journal.do(body)
    return dict(exported(journal.home, run).files), FolderSigner(journal.home / "signing")


@pytest.mark.parametrize("which", ["called", "erased"])
def test_what_a_key_gave_back_and_what_was_erased_is_in_order_to_all_three(
    request: pytest.FixtureRequest, tmp_path: Path, which: str
) -> None:
    """Names of files are anything; erased material is not missed, since a later entry names it."""
    files, _ = request.getfixturevalue(which)
    folder = written(files, tmp_path / "bundle")
    assert findings(files) == ()
    assert _checked(files, tmp_path / "home")[0] == ""
    assert script(folder)[0] == 0, script(folder)[1]
    assert outsider(folder) == (0, "VERIFIED\n")


def _erased_before_it_was_there(files: Files, signer: FolderSigner) -> Files:
    lines = _lines(files)
    note, erasure = lines[5], lines[6]
    lines[5] = erasure.replace(b'"seq":7,', b'"seq":6,')
    lines[6] = note.replace(b'"seq":6,', b'"seq":7,')
    return sealed(run_rewritten(files, lines, signer), signer)


CALLED: dict[str, Forgery] = {
    "the file of a KEY changed": _copy_edited(r"data/outputs/.*b_blob"),
    "the arguments of a KEY changed": _copy_edited(r"data/outputs/.*arguments\.json"),
    "the result of a KEY changed": _copy_edited(r"data/outputs/.*key-result\.json"),
    "the file of a KEY and its material gone": lambda files, signer: sealed(
        _without(
            files,
            next(path for path in files if path.endswith("-b_blob")),
            next(path for path in files if files[path] == bytes([3]) * 16 + b"piece 3"),
        ),
        signer,
    ),
}


@pytest.mark.parametrize("what", CALLED)
def test_a_forgery_of_what_a_key_gave_back_is_found_by_all_three(
    called: tuple[Files, FolderSigner], tmp_path: Path, what: str
) -> None:
    """As with a note."""
    files = CALLED[what](*called)
    folder = written(files, tmp_path / "bundle")
    assert findings(files) != ()
    code, said = script(folder)
    assert (code, bool(re.search(r"BAD .*([Ee]ntry \d|data/outputs/)", said)), outsider(folder)[0]) == (
        1,
        True,
        1,
    )


def test_an_erasure_before_the_note_excuses_nothing(
    erased: tuple[Files, FolderSigner], tmp_path: Path
) -> None:
    """Else one that names what is still to come would let anything be left out."""
    files = _erased_before_it_was_there(*erased)
    folder = written(files, tmp_path / "bundle")
    assert "Entry 7: its material" in " ".join(findings(files))
    assert "BAD  Entry 7: its material" in script(folder)[1]
    assert outsider(folder)[0] == 1

"""The evidence bundle: made from a real run, checked without KEYS, and every change to it is named."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bundles import exported, findings, script, sealed_anew, written
from keyring import AT, OPENED, RUN, edit, entered, signed_store, wait, write

from runbook_keys.bootstrap import services
from runbook_keys.errors import JournalDamaged, KeysError
from runbook_keys.evidence.bundle.names import safe_name, safe_path
from runbook_keys.evidence.csv_table import table
from runbook_keys.journal.blobs import seal
from runbook_keys.model.actor import DRIVER
from runbook_keys.model.event import FileAttached, NoteAdded
from runbook_keys.operations.reports.export import Exported, check_files, read_bundle
from runbook_keys.system.signing import FolderSigner

sys.path.insert(0, f"{Path(__file__).parents[1] / 'hostile'}")
from small_pack import Place

HOSTILE_NAMES = [
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "-rf",
    "a\nb",
    "\u202egpj.exe",
    "con.txt",
    "x" * 300 + ".log",
]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with two runs; the second one has a change, a note, and hostile files."""
    place = Place(tmp_path_factory.mktemp("bundle"))
    place.write(
        look='printf "<script>alert(1)</script> \\033[2J %s" "$(id -u)"',
        change='touch "$HOME/changed"',
        undo=('rm "$HOME/changed"', 'test ! -e "$HOME/changed"'),
    )
    place.run_to_end("q")
    assert place.run_to_end("n seen by J. Doe", "")[0] == 0
    return place.home


@pytest.fixture(scope="session")
def run(home: Path) -> str:
    """The name of the second run, after strange files were attached to it."""

    async def body() -> str:
        async with services(home=home) as opened:
            head = (await opened.store.runs())[1]
            for seq, name in enumerate(HOSTILE_NAMES, head.seq):
                blob = seal(f"content {seq}".encode(), bytes([seq]) * 16)
                event = FileAttached("V1", name, len(blob.content), blob.digest)
                await opened.store.append(head.run, seq, AT.replace(year=2027), DRIVER, [event], [blob])
            return head.run

    return wait(body())


@pytest.fixture(scope="session")
def bundle(home: Path, run: str) -> Exported:
    """Its bundle."""
    return exported(home, run)


@pytest.fixture(scope="session")
def folder(bundle: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its bundle in a folder, not to be changed."""
    return written(bundle.files, tmp_path_factory.mktemp("whole") / "bundle")


def test_a_whole_bundle_is_verified_by_the_script_and_by_keys(bundle: Exported, folder: Path) -> None:
    """Both say so, and both name the key."""
    code, said = script(folder)
    assert (code, bundle.key in said, said.count("BAD")) == (0, True, 0), said
    assert script(folder, bundle.key)[0] == 0
    assert findings(dict(bundle.files)) == ()


def test_the_four_commands_of_the_page_work(bundle: Exported, folder: Path) -> None:
    """Each command of VERIFY.md as it stands there."""
    page = (folder / "VERIFY.md").read_text("utf-8").partition("\n## ")[0]
    commands = [
        line.strip().replace("FINGERPRINT", bundle.key) for line in page.splitlines() if line[:4] == " " * 4
    ]
    assert len(commands) == 4
    ran = [
        subprocess.run(["sh", "-c", each], cwd=folder, capture_output=True, text=True) for each in commands
    ]
    assert [done.returncode for done in ran] == [0, 0, 0, 0]
    assert "FAILED" not in ran[0].stdout
    assert ran[1].stdout == "Verified OK\n"
    assert ran[2].stdout.split()[0] == bundle.key
    assert "VERIFIED" in ran[3].stdout


def test_the_same_run_gives_the_same_bytes(home: Path, run: str, bundle: Exported) -> None:
    """Folder and zip, also after another run went on."""
    store = signed_store(home)
    write(store, RUN, 0, OPENED, entered(1))
    wait(store.close())
    again = exported(home, run)
    assert again.files == bundle.files
    assert again.zip == bundle.zip


def test_the_zip_holds_the_folder(bundle: Exported, tmp_path: Path) -> None:
    """The same files below one folder; KEYS reads either."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle.zip)
    assert read_bundle(path) == bundle.files
    with zipfile.ZipFile(path) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {bundle.name}


def test_it_is_a_bag(folder: Path) -> None:
    """RFC 8493: the declaration, both manifests, the payload's size."""
    assert (folder / "bagit.txt").read_text() == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    payload = [path for path in (folder / "data").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in payload)
    assert f"Payload-Oxum: {size}.{len(payload)}\n" in (folder / "bag-info.txt").read_text()
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", "manifest-sha256.txt", "tagmanifest-sha256.txt"],
        cwd=folder,
        capture_output=True,
    )
    assert done.returncode == 0


def test_the_report_can_do_nothing(folder: Path) -> None:
    """No script, nothing from outside, what a terminal obeys spelled out."""
    page = (folder / "data/report.html").read_text("utf-8")
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "\u202e" not in page
    assert "\x1b" not in page


def test_every_link_of_the_report_leads_to_a_file(folder: Path) -> None:
    """Below its own folder."""
    page = (folder / "data/report.html").read_text("utf-8")
    links = [part.split('"')[0] for part in page.split('href="')[1:]]
    assert len(links) >= len(HOSTILE_NAMES)
    assert [link for link in links if not (folder / "data" / link).is_file()] == []


def test_hostile_file_names_become_plain_ones(folder: Path) -> None:
    """Each file is there once, under a name that every system takes; what it was called is told."""
    names = [path.name for path in (folder / "data/attachments").iterdir()]
    assert len(names) == len(HOSTILE_NAMES)
    assert all(name.isascii() and len(name) < 100 and name[:4].isdigit() for name in names)
    told = (folder / "data/material.csv").read_text("utf-8")
    assert "attached file: ../../etc/passwd" in told


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "", "...", "a/../..", "\\\\host\\x", "é", "a b", ".bashrc"])
def test_a_safe_name_is_one_plain_word(name: str) -> None:
    """Never empty, never hidden, never a path."""
    assert safe_name(name).replace(".", "").replace("-", "").replace("_", "").isalnum()
    assert not safe_name(name).startswith((".", "-"))
    assert not any(part in ("", ".", "..") for part in safe_path(name).split("/"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "\n=1", "\uff1d1"])
def test_a_spreadsheet_takes_no_text_for_a_formula(text: str) -> None:
    """Such a cell begins with an apostrophe."""
    (_, row) = csv.reader(io.StringIO(table(("a",), [(text,)]).decode("utf-8"), newline=""))
    assert row[0].startswith(("'", "\\x"))


def test_a_changed_record_is_not_exported_as_evidence(tmp_path: Path) -> None:
    """It says at which entry."""
    store = signed_store(tmp_path)
    write(store, RUN, 0, OPENED, NoteAdded("S1", 64 * "a"))
    wait(store.close())
    edit(
        tmp_path,
        "UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), 'S1', 'S2') AS BLOB) WHERE seq = 2",
    )
    with pytest.raises(JournalDamaged, match="changed at entry 2"):
        exported(tmp_path, RUN)


def test_a_run_that_goes_on_is_exported_up_to_where_it_stands(home: Path, tmp_path: Path) -> None:
    """It gets a checkpoint over its last entry."""

    async def first() -> str:
        async with services(home=home) as opened:
            return (await opened.store.runs())[0].run

    code, said = script(written(exported(home, wait(first())).files, tmp_path / "bundle"))
    assert (code, "VERIFIED" in said) == (0, True), said


def _changed(bundle: Exported, name: str, at: int) -> dict[str, bytes]:
    content = bytearray(bundle.files[name])
    content[at] ^= 1 << (at % 8)
    return {**bundle.files, name: bytes(content)}


def test_any_flipped_bit_in_any_file_is_named(bundle: Exported) -> None:
    """The first, the last and some bytes between them of every file; the finding names the file."""
    chance = random.Random(5)
    for name, content in bundle.files.items():
        for at in {0, len(content) - 1, *(chance.randrange(len(content)) for _ in range(6))}:
            found = findings(_changed(bundle, name, at))
            is_signing = name in ("tagmanifest-sha256.txt.sig", "signing-key.pem")
            assert any(name in each for each in found) or (is_signing and found), (name, at, found)


@pytest.mark.long
def test_every_flipped_bit_in_every_file_is_named(bundle: Exported) -> None:
    """All bytes of all files."""
    for name, content in bundle.files.items():
        missed = [at for at in range(len(content)) if not findings(_changed(bundle, name, at))]
        assert missed == [], name


def _script_misses(
    bundle: Exported, folder: Path, tmp_path: Path, places: Callable[[bytes], Iterator[int]]
) -> list[str]:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    missed = []
    for name, content in bundle.files.items():
        for at in places(content):
            (copy / name).write_bytes(_changed(bundle, name, at)[name])
            code, said = script(copy, own=folder / "verify.sh")
            if code != 1 or "BAD" not in said:
                missed.append(f"{name} at {at}: {said}")
        (copy / name).write_bytes(content)
    return missed


def test_the_script_names_a_flipped_bit_in_any_file(bundle: Exported, folder: Path, tmp_path: Path) -> None:
    """One byte of every file."""
    assert _script_misses(bundle, folder, tmp_path, lambda content: iter([len(content) // 2])) == []


@pytest.mark.long
def test_the_script_names_flipped_bits_all_over(bundle: Exported, folder: Path, tmp_path: Path) -> None:
    """Every seventeenth byte of every file."""
    assert _script_misses(bundle, folder, tmp_path, lambda content: iter(range(0, len(content), 17))) == []


def _without(files: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if path != name}


def test_a_missing_an_extra_and_a_renamed_file_are_named(
    bundle: Exported, folder: Path, tmp_path: Path
) -> None:
    """Each file of the bundle in turn, by `keys verify`; a few by the script."""
    files = dict(bundle.files)
    for name, content in files.items():
        assert any(name in each for each in findings(_without(files, name))), name
        renamed = {**_without(files, name), f"{name}.old": content}
        assert any(f"{name}.old" in each or name in each for each in findings(renamed)), name
    assert "data/more.txt is not listed" in " ".join(findings({**files, "data/more.txt": b""}))
    for number, change in enumerate(
        [
            lambda at: (at / "data/notes").rename(at / "data/remarks"),
            lambda at: (at / "data/entries.jsonl").unlink(),
            lambda at: (at / "tagmanifest-sha256.txt.sig").unlink(),
            lambda at: (at / "manifest-sha256.txt").unlink(),
            lambda at: (at / "more\nBAD  name").write_text("x"),
            lambda at: (at / ".hidden").write_text("x"),
            lambda at: (at / "data/link").symlink_to("/etc/passwd"),
        ]
    ):
        copy = shutil.copytree(folder, tmp_path / f"{number}")
        change(copy)
        code, said = script(copy, own=folder / "verify.sh")
        assert (code, "BAD" in said) == (1, True), (number, said)


def test_another_s_signature_is_named(bundle: Exported, tmp_path: Path) -> None:
    """Their signature over our list; their key in the place of ours, with the true fingerprint known."""
    other = FolderSigner(tmp_path / "other")
    theirs = {
        **bundle.files,
        "tagmanifest-sha256.txt.sig": other.sign(bundle.files["tagmanifest-sha256.txt"]).value,
    }
    assert "is not what signing-key.pem signed" in " ".join(findings(theirs))
    sealed = sealed_anew(dict(bundle.files), other)
    folder = written(sealed, tmp_path / "bundle")
    code, said = script(folder, bundle.key)
    assert (code, "is another key" in said) == (1, True)

    async def look() -> tuple[str, ...]:
        async with services(home=tmp_path / "home") as opened:
            return check_files(opened, sealed, bundle.key).report.damages

    assert "is another key" in " ".join(wait(look()))


EDITS: dict[str, Callable[[dict[str, bytes]], dict[str, bytes]]] = {
    "an entry": lambda files: {
        **files,
        "data/entries.jsonl": files["data/entries.jsonl"].replace(b'"visit":1', b'"visit":9', 1),
    },
    "the last entry": lambda files: {
        **files,
        "data/entries.jsonl": b"".join(files["data/entries.jsonl"].splitlines(keepends=True)[:-1]),
    },
    "a spine row": lambda files: {
        **files,
        "data/spine.txt": files["data/spine.txt"].replace(b"a", b"b", 1),
    },
    "a checkpoint": lambda files: {
        **files,
        max(name for name in files if name.endswith(".note")): files[
            max(name for name in files if name.endswith(".note"))
        ].replace(b"why ", b"why not "),
    },
    "the material": lambda files: {
        **files,
        min(name for name in files if "/material/" in name): b"something else",
    },
}


@pytest.mark.parametrize("what", EDITS)
def test_a_record_edited_and_sealed_anew_without_the_journal_s_key_is_named(
    bundle: Exported, tmp_path: Path, what: str
) -> None:
    """The list fits and is signed; the record inside does not hold together, and it is said where."""
    files = sealed_anew(EDITS[what](dict(bundle.files)), FolderSigner(tmp_path / "other"))
    assert findings(files) != ()
    code, said = script(written(files, tmp_path / "bundle"))
    assert (code, "BAD" in said, "NOT VERIFIED" in said) == (1, True, True)


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    """A text file, a broken zip, a zip with two folders, a link in a folder."""
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(KeysError, match="can't be read as a bundle"):
        read_bundle(tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a/x", "")
        archive.writestr("b/x", "")
    with pytest.raises(KeysError, match="does not hold one folder"):
        read_bundle(tmp_path / "two.zip")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link").symlink_to("/etc/passwd")
    with pytest.raises(KeysError, match="no plain file"):
        read_bundle(tmp_path / "folder")

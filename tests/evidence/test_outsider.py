"""Bundles against a verifier that somebody else could have written: it knows VERIFY.md, and nothing of KEYS."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from a_journal import ESCALATED, Journal
from bundles import exported, findings, outsider, script, sealed_anew, written
from keyring import made, wait

from runbook_keys.bootstrap import services
from runbook_keys.errors import KeysError
from runbook_keys.operations.reports.attestation import check_handed_in
from runbook_keys.operations.reports.export import REPACKED, BundleCheck, Exported, read_bundle
from runbook_keys.system.signing import FolderSigner

Files = dict[str, bytes]


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Exported]:
    """Of a first run, of one that went on while no key was there, and of one after the key was changed."""
    journal = Journal(tmp_path_factory.mktemp("outsider") / "home")
    journal.install()
    runs, key = [journal.run(*ESCALATED)], journal.home / "signing" / "key.pem"
    key.rename(journal.home / "away.pem")
    runs.append(journal.run(*ESCALATED))
    (journal.home / "away.pem").rename(key)
    made(journal.home, new_key="a test")
    runs.append(journal.run(*ESCALATED))
    return [exported(journal.home, run) for run in runs]


@pytest.mark.parametrize("which", range(3))
def test_a_whole_bundle_is_verified_by_what_the_page_says(
    bundles: list[Exported], tmp_path: Path, which: int
) -> None:
    """Under the key that its owner told, and under no other."""
    folder = written(bundles[which].files, tmp_path / "bundle")
    assert outsider(folder, bundles[which].key) == (0, "VERIFIED\n")
    assert script(folder, bundles[which].key)[0] == 0
    code, said = outsider(folder, 64 * "0")
    assert (code, "signing-key.pem: is another key" in said) == (1, True)


def test_a_flipped_bit_in_any_file_is_found_by_what_the_page_says(
    bundles: list[Exported], tmp_path: Path
) -> None:
    """One in the middle of each file."""
    folder = written(bundles[2].files, tmp_path / "bundle")
    for name, content in bundles[2].files.items():
        changed = bytearray(content)
        changed[len(content) // 2] ^= 1
        (folder / name).write_bytes(changed)
        code, said = outsider(folder)
        assert (code, said.endswith("NOT VERIFIED\n")) == (1, True), name
        (folder / name).write_bytes(content)


def _edited(name: str, pattern: bytes, put: bytes) -> Callable[[Files, Files], Files]:
    def edit(files: Files, _other: Files) -> Files:
        path = next(each for each in sorted(files) if re.fullmatch(name, each))
        changed, times = re.subn(pattern, put, files[path], count=1)
        assert times == 1
        return {**files, path: changed}

    return edit


def _without(name: str) -> Callable[[Files, Files], Files]:
    def leave_out(files: Files, _other: Files) -> Files:
        gone = [each for each in files if re.fullmatch(name, each)][-1]
        return {each: content for each, content in files.items() if each != gone}

    return leave_out


def _taken(name: str) -> Callable[[Files, Files], Files]:
    def take(files: Files, other: Files) -> Files:
        return {**files, **{each: other[each] for each in other if re.fullmatch(name, each)}}

    return take


NOTES = r"data/checkpoints/\d+\.note"
FORGERIES: dict[str, Callable[[Files, Files], Files]] = {
    "an entry reworded": _edited(r"data/entries\.jsonl", b'"visit":1', b'"visit":2'),
    "an entry cut off": _edited(r"data/entries\.jsonl", rb"[^\n]*\n\Z", b""),
    "a byte that a shell's read leaves out": _edited(r"data/entries\.jsonl", b'"actor"', b'"ac\0tor"'),
    "text after the last whole entry": _edited(r"data/entries\.jsonl", rb"\n\Z", b'\n{"approved":"by bela"}'),
    "text after the last whole row": _edited(r"data/spine\.txt", rb"\n\Z", b"\n99 1 1 a"),
    "another number of the run": _edited(r"data/start\.txt", rb"^\d+ ", b"1 "),
    "another beginning": _edited(r"data/start\.txt", b" [0-9a-f]{64} ", b" " + 64 * b"0" + b" "),
    "another end": _edited(r"data/start\.txt", rb"[0-9a-f]{64}\n", 64 * b"a" + b"\n"),
    "a row of another entry": _edited(r"data/spine\.txt", rb"[0-9a-f]{4}\n", b"0000\n"),
    "a row gone": _edited(r"data/spine\.txt", rb"[^\n]*\n\Z", b""),
    "a checkpoint reworded": _edited(NOTES, b"why ", b"why not "),
    "a checkpoint without its signature": _edited(NOTES, "— [^\n]*\n".encode(), b""),
    "the last checkpoint gone": _without(NOTES),
    "no checkpoint": lambda files, _: {each: files[each] for each in files if "/checkpoints/" not in each},
    "a key of the checkpoints gone": _without(r"data/public-keys/.*"),
    "the entries of another run": _taken(r"data/entries\.jsonl"),
    "the entries and the spine of another run": _taken(r"data/(entries\.jsonl|spine\.txt|start\.txt)"),
    "the checkpoints of another run": _taken(NOTES),
    "the material of another run": _taken(r"data/material/.*"),
    "material under another name": _edited(r"data/material/.*", rb"\Z", b" "),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_record_in_a_whole_bag_is_found_by_all_three(
    bundles: list[Exported], tmp_path: Path, what: str
) -> None:
    """The list fits and is signed by whoever forged it; the script, KEYS and the outsider each look inside."""
    forged = FORGERIES[what](dict(bundles[2].files), dict(bundles[0].files))
    files = sealed_anew(forged, FolderSigner(tmp_path / "forger"))
    folder = written(files, tmp_path / "bundle")
    assert findings(files) != ()
    assert [script(folder)[0], outsider(folder)[0]] == [1, 1], (script(folder)[1], outsider(folder)[1])


def _listed(name: str) -> Callable[[Path], None]:
    def add(folder: Path) -> None:
        with (folder / "manifest-sha256.txt").open("a") as file:
            file.write(f"{64 * '0'}  {name}\n")

    return add


def _replaced(name: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    def replace(folder: Path) -> None:
        away = folder / name
        away.rename(folder.parent / "away")
        make(away)

    return replace


HOSTILE_FOLDERS: dict[str, Callable[[Path], None]] = {
    "a pipe for a page": _replaced("data/report.html", os.mkfifo),
    "a pipe for the key": _replaced("signing-key.pem", os.mkfifo),
    "a pipe for the list": _replaced("tagmanifest-sha256.txt", os.mkfifo),
    "a link to a file": _replaced("data/report.html", lambda at: at.symlink_to(at.parents[2] / "away")),
    "a link to a folder": _replaced("data", lambda at: at.symlink_to(at.parents[1] / "away")),
    "an endless device in the list": _listed("/dev/zero"),
    "the keyboard in the list": _listed("-"),
    "a file above the folder in the list": _listed("../away"),
    "a folder of the list that goes up": _listed("data/../../away"),
    "a name in other letters": lambda at: shutil.copy(at / "data/report.html", at / "data/REPORT.html"),
    "a name over two lines": lambda at: (at / "data/x\nbagit.txt").write_text(""),
    "a name like an option": lambda at: (at / "-rf").write_text(""),
}


@pytest.mark.parametrize("what", HOSTILE_FOLDERS)
def test_a_hostile_folder_is_refused_by_all_three_and_keeps_none_waiting(
    bundles: list[Exported], tmp_path: Path, what: str
) -> None:
    """Nothing outside the folder is read, and nothing that never ends."""
    folder = written(bundles[0].files, tmp_path / "bundle")
    HOSTILE_FOLDERS[what](folder)
    own = written({"verify.sh": bundles[0].files["verify.sh"]}, tmp_path / "own") / "verify.sh"
    code, said = script(folder, own=own)
    assert (code, "BAD" in said) == (1, True), said
    assert outsider(folder)[0] == 1
    assert _refused(folder)


def _refused(folder: Path) -> bool:
    try:
        return findings(read_bundle(folder)) != ()
    except KeysError as refused:
        return "no plain file" in str(refused)


@pytest.mark.parametrize("name", ["-", "-rf", "two\nlines", "a b'\"$x", "*"])
def test_a_bundle_may_lie_in_a_folder_of_any_name(bundles: list[Exported], tmp_path: Path, name: str) -> None:
    """Also where `cd` would take the name for something else."""
    written(bundles[0].files, tmp_path / name)
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        ["sh", f"./{name}/verify.sh", name],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CDPATH": f"{tmp_path / 'elsewhere'}", "TMPDIR": "relative"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "VERIFIED" in done.stdout, done.stderr) == (0, True, "")


def _check(path: Path, home: Path) -> BundleCheck:
    async def look() -> BundleCheck:
        async with services(home=home) as opened:
            return check_handed_in(opened, path)

    return wait(look())


def test_a_zip_that_holds_more_than_its_files_is_told(bundles: list[Exported], tmp_path: Path) -> None:
    """Another program may find other files in it: before the first, behind the last, or in another order."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundles[0].zip)
    assert REPACKED not in _check(path, tmp_path / "home").notices
    for content in (b"#!/bin/sh\n" + bundles[0].zip, 2 * bundles[0].zip, bundles[0].zip + b"more"):
        path.write_bytes(content)
        found = _check(path, tmp_path / "home")
        assert (found.report.damages, REPACKED in found.notices) == ((), True)


def test_a_zip_whose_bytes_were_changed_is_refused_or_named(bundles: list[Exported], tmp_path: Path) -> None:
    """Packed by another program, so that unpacking can fail in every way; never in one of ours."""
    path, chance = tmp_path / "bundle.zip", random.Random(7)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in bundles[0].files.items():
            archive.writestr(f"bundle/{name}", content)
    whole, refused = path.read_bytes(), 0
    for _ in range(150):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        try:
            files = read_bundle(path)
        except KeysError:
            refused += 1
        else:
            assert files == bundles[0].files or findings(files) != ()
    assert refused > 100

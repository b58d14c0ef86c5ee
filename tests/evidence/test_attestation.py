"""The statement beside a bundle: an independent library reads and verifies it, and every change to it is named."""

from __future__ import annotations

import base64
import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from a_journal import ESCALATED, Journal
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from runbook_keys.errors import KeysError
from runbook_keys.evidence.bundle.attestation import PREDICATE_TYPE, Predicate
from runbook_keys.operations.reports.attestation import attest, check_handed_in
from runbook_keys.operations.reports.export import BundleCheck, Exported, export
from runbook_keys.operations.services import Services

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "run-statement.md"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    """A journal with one run that ended in a call for help."""
    made = Journal(tmp_path_factory.mktemp("journal"))
    made.install()
    made.run(*ESCALATED)
    return made


@pytest.fixture(scope="module")
def taken(journal: Journal) -> tuple[Exported, bytes]:
    """Its bundle, and the envelope about it."""

    async def take(at: Services) -> tuple[Exported, bytes]:
        made = await export(at, (await at.store.runs())[0].run)
        return made, attest(at, made)

    return journal.do(take)


@pytest.fixture
def folder(taken: tuple[Exported, bytes], tmp_path: Path) -> Path:
    """Zip and envelope side by side."""
    made, envelope = taken
    (tmp_path / f"{made.name}.zip").write_bytes(made.zip)
    (tmp_path / f"{made.name}.intoto.jsonl").write_bytes(envelope)
    return tmp_path


def _read(envelope: bytes) -> dict[str, Any]:
    return json.loads(base64.b64decode(json.loads(envelope)["payload"]))


def _key(made: Exported) -> SSlibKey:
    pem = {"public": made.files["signing-key.pem"].decode()}
    return SSlibKey(made.key, "ecdsa", "ecdsa-sha2-nistp256", pem)


def _checked(journal: Journal, folder: Path, key: str = "") -> BundleCheck:
    async def look(at: Services) -> BundleCheck:
        return check_handed_in(at, next(folder.glob("*.intoto.jsonl")), key)

    return journal.do(look)


def test_an_independent_library_verifies_the_envelope(taken: tuple[Exported, bytes]) -> None:
    """securesystemslib, with the public key of the bundle."""
    made, envelope = taken
    data = json.loads(envelope)

    read = Envelope.from_dict(copy.deepcopy(data))
    assert list(read.verify([_key(made)], 1)) == [made.key]
    assert read.payload_type == "application/vnd.in-toto+json"


@pytest.mark.parametrize("part", ["payload", "payloadType", "signature"])
def test_a_tampered_envelope_fails_there_too(taken: tuple[Exported, bytes], part: str) -> None:
    """Another payload, another type, another signature: the type is signed with the payload."""
    made, envelope = taken
    data = json.loads(envelope)
    if part == "payload":
        changed = base64.b64decode(data["payload"]).replace(b"ESCALATED", b"RESOLVED!")
        data["payload"] = base64.b64encode(changed).decode()
    elif part == "payloadType":
        data["payloadType"] = "application/vnd.in-toto+xml"
    else:
        value = bytearray(base64.b64decode(data["signatures"][0]["sig"]))
        value[-1] ^= 1
        data["signatures"][0]["sig"] = base64.b64encode(value).decode()

    with pytest.raises(VerificationError):
        Envelope.from_dict(data).verify([_key(made)], 1)


def test_the_statement_speaks_of_the_zip_and_of_the_list_of_its_files(taken: tuple[Exported, bytes]) -> None:
    """With their true digests, in the form of in-toto Statement v1."""
    made, envelope = taken
    told = _read(envelope)

    assert told["_type"] == "https://in-toto.io/Statement/v1"
    assert told["predicateType"] == PREDICATE_TYPE
    assert {each["name"]: each["digest"] for each in told["subject"]} == {
        f"{made.name}.zip": {"sha256": sha256(made.zip).hexdigest()},
        f"{made.name}/tagmanifest-sha256.txt": {
            "sha256": sha256(made.files["tagmanifest-sha256.txt"]).hexdigest()
        },
    }


def test_the_statement_says_how_the_run_went(taken: tuple[Exported, bytes]) -> None:
    """Run, text, ending, chain value and key are those of the bundle."""
    made, envelope = taken
    predicate = _read(envelope)["predicate"]

    assert predicate["run"] == made.record.head.run
    assert (predicate["ending"], predicate["kind"]) == ("ESCALATED", "incident")
    assert predicate["entries"] == made.files["data/entries.jsonl"].count(b"\n")
    assert predicate["head"] in made.files["data/start.txt"].decode()
    assert predicate["key"] == made.key
    assert predicate["approvals"] == predicate["verification"] == []


def test_the_same_run_gives_the_same_envelope(journal: Journal, taken: tuple[Exported, bytes]) -> None:
    """Signatures too: two copies can be compared by eye."""
    made, envelope = taken

    async def again(at: Services) -> bytes:
        return attest(at, await export(at, made.record.head.run))

    assert journal.do(again) == envelope


def test_keys_verifies_the_envelope_with_the_zip_beside_it(
    journal: Journal, folder: Path, taken: tuple[Exported, bytes]
) -> None:
    """Nothing is found, and the key is named."""
    found = _checked(journal, folder)

    assert found.report.damages == ()
    assert (found.report.run, found.key) == (taken[0].record.head.run, taken[0].key)
    assert "another key" in " ".join(_checked(journal, folder, 64 * "a").report.damages)


def _replaced(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _payload(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def changed(envelope: bytes) -> bytes:
        data = json.loads(envelope)
        data["payload"] = base64.b64encode(change(base64.b64decode(data["payload"]))).decode()
        return json.dumps(data).encode()

    return changed


def test_a_statement_that_was_changed_is_named(journal: Journal, folder: Path) -> None:
    """Another ending in the payload: the signature does not fit."""
    envelope = next(folder.glob("*.intoto.jsonl"))
    _replaced(envelope, _payload(lambda text: text.replace(b"ESCALATED", b"RESOLVED!")))

    assert "is not signed by the bundle's signing-key.pem" in " ".join(
        _checked(journal, folder).report.damages
    )


def test_a_zip_that_is_another_one_is_named(journal: Journal, folder: Path) -> None:
    """A whole bundle with good signatures, and not the one that the statement speaks of."""
    other = journal.run(*ESCALATED)
    bundle = journal.do(lambda at: export(at, other))
    next(folder.glob("*.zip")).write_bytes(bundle.zip)
    damages = " ".join(_checked(journal, folder).report.damages)

    assert "is not the one that the statement speaks of" in damages
    assert "The statement is about" in damages


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: b"\x00", "no DSSE envelope"),
        (lambda _: b'{"payload":"e30=","payloadType":"application/json","signatures":[]}', "no in-toto"),
        (lambda _: b'{"payload":' + b"[" * 100_000, "no DSSE envelope"),
        (_payload(lambda _: b"{}"), "no statement about a run"),
        (_payload(lambda text: text.replace(b"run:v1", b"run:v9")), "another type"),
        (_payload(lambda text: text.replace(b'"keys-', b'"../keys-')), "does not speak of a zip beside it"),
    ],
)
def test_what_is_no_statement_about_a_run_is_refused_in_words(
    journal: Journal, folder: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    """No name in it leads out of its folder."""
    _replaced(next(folder.glob("*.intoto.jsonl")), change)

    with pytest.raises(KeysError, match=words):
        _checked(journal, folder)


def test_a_statement_without_its_zip_says_what_is_missing(journal: Journal, folder: Path) -> None:
    """By the zip's name."""
    archive = next(folder.glob("*.zip"))
    archive.unlink()

    with pytest.raises(KeysError, match=archive.name):
        _checked(journal, folder)


def test_every_field_of_the_predicate_is_on_the_page(taken: tuple[Exported, bytes]) -> None:
    """And the page names none that is not there."""
    named = set(re.findall(r"^\| `([a-zA-Z]+)`", PAGE.read_text("utf-8"), re.MULTILINE))

    assert named == set(_read(taken[1])["predicate"]) == set(Predicate.__struct_encode_fields__)
    assert PREDICATE_TYPE in PAGE.read_text("utf-8")


def _keys(journal: Journal, *arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": f"{journal.home}", "KEYS_HOME": f"{journal.home}"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_commands_write_and_verify_it_and_a_refused_copy_is_not_on_the_record(
    tmp_path: Path,
) -> None:
    """`keys export --dsse` and `keys verify`; where the file is there already, nothing is written and nothing was taken."""
    journal = Journal(tmp_path / "home")
    journal.home.mkdir()
    journal.install()
    run = journal.run(*ESCALATED)
    out = tmp_path / "out"
    envelope = out / f"keys-{run}.intoto.jsonl"
    out.mkdir()
    envelope.write_text("mine")
    refused = _keys(journal, "export", run, "--dsse", "--out", out)
    before = len(journal.do(lambda at: at.store.entries(run)))
    envelope.unlink()
    made = _keys(journal, "export", run, "--dsse", "--out", out)

    assert (refused[0], "is there already" in refused[1], made[0]) == (1, True, 0), (refused, made)
    assert len(journal.do(lambda at: at.store.entries(run))) == before + 1
    assert envelope.name in made[1]
    code, said = _keys(journal, "verify", envelope)
    assert (code, "The bundle is whole" in said) == (0, True), said

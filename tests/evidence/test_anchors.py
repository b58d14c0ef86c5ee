"""Anchors: what somebody else keeps finds what the holder of journal and key can do unseen."""

from __future__ import annotations

import csv
import io
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from authority import Answer, Authority, answering, dripping, flooding, hanging, served, stamping
from keyring import ENDED, INPUTS, OPENED, PACK, edit, entered, rewritten, signed_store, told, wait

from runbook_keys.bootstrap import services
from runbook_keys.config import Anchors, Config
from runbook_keys.errors import AnchorUnavailable, RefusedInput
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.journal.receipt import receipt_of
from runbook_keys.model.actor import DRIVER
from runbook_keys.operations.record.anchor import Anchored, anchor
from runbook_keys.operations.record.checkpoints import make_checkpoint
from runbook_keys.operations.record.verify import VerifyReport, verify
from runbook_keys.operations.reports.report import report
from runbook_keys.system.anchor_folder import FolderCopies
from runbook_keys.system.time_stamps import FolderStamps


class Place:
    """A journal in `home`, a folder elsewhere, and what keys.toml says of its anchors."""

    def __init__(self, folder: Path) -> None:
        self.home, self.elsewhere = folder / "home", folder / "else{where}"
        self.home.mkdir()
        self.elsewhere.mkdir()
        self.anchors = Anchors()

    def use(self, *, copies: bool = False, url: str = "", roots: Path | None = None) -> Place:
        """Configure these anchors and no others."""
        self.anchors = Anchors(f"{self.elsewhere}" if copies else "", url, f"{roots}" if roots else "")
        return self

    def run(self, name: str, at: datetime | None = None) -> None:
        """A run of four entries, with a checkpoint at its opening and its end; now, or at another time."""
        store = signed_store(self.home)
        for seq, events in ((0, (OPENED, entered(1))), (2, (entered(2), ENDED))):
            wait(store.append(name, seq, at or datetime.now(UTC), DRIVER, events, [PACK, INPUTS]))
        wait(store.close())

    def send(self, seconds: float = 20) -> list[Anchored]:
        """What `keys anchor` does."""

        async def body() -> list[Anchored]:
            async with services({}, home=self.home, config=Config(anchors=self.anchors)) as opened:
                return await anchor(opened, seconds)

        return wait(body())

    def verified(self, *receipts: str) -> VerifyReport:
        """What `keys verify` reports."""

        async def body() -> VerifyReport:
            async with services({}, home=self.home, config=Config(anchors=self.anchors)) as opened:
                return await verify(opened, receipts=receipts)

        return wait(body())

    def notes(self) -> list[bytes]:
        """The journal's own checkpoints."""
        store = signed_store(self.home)
        found = [each.note for each in wait(store.checkpoints())]
        wait(store.close())
        return found

    def token(self, no: int) -> Path:
        """Where the time-stamp of a checkpoint lies."""
        return self.home / "anchors" / f"{no:06}.tsr"

    def sign_anew(self) -> None:
        """What only the holder of the key can do: change an entry, compute every link, sign everything again."""
        rewritten(self.home)
        (self.home / "signing" / "latest").unlink()
        edit(self.home, "DELETE FROM checkpoints")

        async def body() -> None:
            async with services({}, home=self.home, config=Config()) as opened:
                for _ in range(4):
                    await make_checkpoint(opened)

        wait(body())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two runs, eight entries, four checkpoints."""
    made = Place(tmp_path)
    made.run("r-1")
    made.run("r-2")
    return made


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that this organisation trusts."""
    return Authority(tmp_path_factory.mktemp("trusted") / "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One that it does not."""
    return Authority(tmp_path_factory.mktemp("untrusted") / "authority")


@pytest.fixture
def url(authority: Authority) -> Iterator[str]:
    """Where the trusted one answers."""
    with served(stamping(authority)) as address:
        yield address


def test_every_checkpoint_is_copied_once(place: Place) -> None:
    """One file per checkpoint with the note's own bytes; the second time there is nothing to do."""
    place.use(copies=True)
    assert [each.sent for each in place.send()] == [4]
    copies = sorted(place.elsewhere.iterdir())
    assert [path.name for path in copies] == [f"{no:06}.note" for no in range(1, 5)]
    assert [path.read_bytes() for path in copies] == place.notes()
    again = place.send()
    assert [(each.sent, each.is_done) for each in again] == [(0, True)]


def test_entries_after_the_last_checkpoint_get_one_first(place: Place) -> None:
    """What is anchored reaches to the journal's end."""
    store = signed_store(place.home)
    wait(store.append("r-3", 0, datetime.now(UTC), DRIVER, [OPENED], [PACK, INPUTS]))
    wait(store.append("r-3", 1, datetime.now(UTC), DRIVER, [entered(1)]))
    wait(store.close())
    (found,) = place.use(copies=True).send()
    assert (found.sent, found.lacks) == (6, 0)
    assert read_note((place.elsewhere / "000006.note").read_bytes()).gseq == 10


def test_a_copy_that_is_there_is_never_written_again(place: Place) -> None:
    """Not by a later send, whatever stands in it; verify names it."""
    (place.elsewhere / "000002.note").write_bytes(b"something else")
    place.use(copies=True).send()
    assert (place.elsewhere / "000002.note").read_bytes() == b"something else"
    assert f"Checkpoint 2 is not what the folder {place.elsewhere} keeps" in told(place.verified().damages)


def test_what_is_anchored_is_told_where_all_is_well(place: Place, url: str, authority: Authority) -> None:
    """No finding, no notice; how far each anchor reaches."""
    place.use(copies=True, url=url, roots=authority.root)
    assert all(each.is_done for each in place.send())
    report = place.verified()
    assert (report.damages, report.notices, report.lags) == ((), (), ())
    assert f"the folder {place.elsewhere} keeps checkpoints up to 4." in report.anchored
    assert any(
        words.startswith("Checkpoint 4, and so all before it, was there by") for words in report.anchored
    )


def test_a_journal_signed_anew_is_found_by_the_folder(place: Place) -> None:
    """The journal alone is whole; the copies are not its checkpoints."""
    place.use(copies=True).send()
    place.sign_anew()
    found = told(place.verified().damages)
    assert place.use().verified().damages == ()
    assert "Checkpoints 1 to 4 are not what the folder" in found
    assert "kept elsewhere does not fit row 6 of the spine: it was rewritten after row 4" in found


def test_a_journal_signed_anew_is_found_by_a_time_stamp(place: Place, url: str, authority: Authority) -> None:
    """The same number, another text."""
    place.use(url=url, roots=authority.root).send()
    place.sign_anew()
    assert "Checkpoint 4 is not the text that was time-stamped at" in told(place.verified().damages)


def test_an_old_copy_put_back_is_found_by_the_folder(place: Place, tmp_path: Path) -> None:
    """The whole home is put back, tokens and keys too: only what lies elsewhere tells."""
    old = tmp_path / "old"
    shutil.copytree(place.home, old)
    place.run("r-3")
    place.use(copies=True).send()
    shutil.rmtree(place.home)
    shutil.copytree(old, place.home)
    found = told(place.verified().damages)
    assert place.use().verified().damages == ()
    assert "Checkpoints 5 to 6 are kept by the folder" in found
    assert "covers 12 rows, the spine ends at row 8: the rest was cut off" in found


def test_an_old_journal_put_back_beside_newer_time_stamps_is_found(
    place: Place, url: str, authority: Authority, tmp_path: Path
) -> None:
    """Who puts back the journal's file alone forgets the time-stamps."""
    shutil.copy(place.home / "journal.db", tmp_path / "old.db")
    place.run("r-3")
    place.use(url=url, roots=authority.root).send()
    for path in place.home.glob("journal.db*"):
        path.unlink()
    shutil.copy(tmp_path / "old.db", place.home / "journal.db")
    assert "Checkpoint 6 was time-stamped at" in told(place.verified().damages)
    assert "and is gone: it was cut off, or an old copy put back" in told(place.verified().damages)


def test_the_time_stamp_of_another_text_is_found(place: Place, authority: Authority) -> None:
    """Signed by the right authority, over something else."""
    place.use(roots=authority.root).token(3).parent.mkdir()
    place.token(3).write_bytes(authority.stamp_of(b"another text\n"))
    assert "Checkpoint 3 is not the text that was time-stamped" in told(place.verified().damages)


def test_a_time_stamp_by_a_stranger_is_nobody_s_word(
    place: Place, authority: Authority, stranger: Authority
) -> None:
    """The right text, the right time, an authority that nobody configured."""
    place.use(roots=authority.root).token(4).parent.mkdir()
    place.token(4).write_bytes(stranger.stamp_of(place.notes()[3]))
    assert "The time-stamp of checkpoint 4 is nobody's word. It does not lead to" in told(
        place.verified().damages
    )


def test_a_changed_time_stamp_is_found(place: Place, authority: Authority) -> None:
    """In the signature, in the digest that is stamped, in its form, and cut short."""
    place.use(roots=authority.root).token(4).parent.mkdir()
    whole = authority.stamp_of(place.notes()[3])
    digest = whole.index(bytes.fromhex("0420")) + 2
    for content in (_flipped(whole, -1), _flipped(whole, digest), _flipped(whole, 0), whole[:-1], b""):
        place.token(4).write_bytes(content)
        assert "checkpoint 4" in told(place.verified().damages)
    place.token(4).write_bytes(whole)
    assert place.verified().damages == ()


def test_no_flipped_bit_makes_another_time_of_a_time_stamp(authority: Authority, tmp_path: Path) -> None:
    """Each byte of it: nothing that is taken for good says anything else than the whole one, and nothing crashes."""
    stamps = FolderStamps(tmp_path, "", f"{authority.root}")
    whole = authority.stamp_of(b"a note\n")
    expected = stamps.read(whole, b"a note\n")
    assert expected is not None
    read = [stamps.read(_flipped(whole, place), b"a note\n") for place in range(len(whole))]
    good = [stamp for stamp in read if stamp is not None and stamp.is_of_note and not stamp.fault]
    assert len(good) < len(whole) // 20
    assert set(good) <= {expected}


def _flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


def test_without_roots_the_text_is_compared_and_the_rest_is_told(place: Place, authority: Authority) -> None:
    """What could not be looked at is never shown as good."""
    place.token(4).parent.mkdir()
    place.token(4).write_bytes(authority.stamp_of(place.notes()[3]))
    report = place.verified()
    assert (report.damages, report.anchored) == ((), ())
    assert "Who signed the time-stamps was not looked at" in told(report.notices)
    place.token(3).write_bytes(authority.stamp_of(b"another text\n"))
    assert "Checkpoint 3 is not the text" in told(place.verified().damages)


@pytest.mark.parametrize("roots", ["gone.pem", "empty.pem"])
def test_roots_that_can_not_be_read_are_no_damage_and_are_told(
    place: Place, authority: Authority, tmp_path: Path, roots: str
) -> None:
    """A slip in keys.toml must not call the record changed."""
    (tmp_path / "empty.pem").touch()
    place.use(roots=tmp_path / roots).token(4).parent.mkdir()
    place.token(4).write_bytes(authority.stamp_of(place.notes()[3]))
    report = place.verified()
    assert report.damages == ()
    assert roots in told(report.notices)


def test_a_late_time_stamp_is_told(tmp_path: Path, url: str, authority: Authority) -> None:
    """Three days offline: honest, and what a forger would need. The notice names the stretch."""
    place = Place(tmp_path)
    place.run("r-1", datetime.now(UTC) - timedelta(days=3))
    place.run("r-2")
    place.use(url=url, roots=authority.root).send()
    report = place.verified()
    assert report.damages == ()
    assert "Checkpoints 1 to 2 are over entries of" in told(report.notices)
    assert "could have written anew" in told(report.notices)


def test_old_entries_under_new_checkpoints_are_told(tmp_path: Path, url: str, authority: Authority) -> None:
    """Who deletes time-stamps, signs anew and has that stamped leaves entries of last week, stamped today."""
    place = Place(tmp_path)
    place.run("r-1", datetime.now(UTC) - timedelta(days=7))
    place.run("r-2", datetime.now(UTC) - timedelta(days=3))
    place.use(url=url, roots=authority.root).sign_anew()
    place.send()
    report = place.verified()
    assert report.damages == ()
    assert "Checkpoint 1 is over entries of" in told(report.notices)


def test_a_clock_that_was_ahead_is_told(tmp_path: Path, url: str, authority: Authority) -> None:
    """A checkpoint can't be younger than its time-stamp, so the machine's clock was wrong."""
    place = Place(tmp_path)
    place.run("r-1", datetime.now(UTC) + timedelta(days=3))
    place.use(url=url, roots=authority.root).send()
    report = place.verified()
    assert report.damages == ()
    assert "this machine's clock was wrong" in told(report.notices)


def test_one_time_stamp_is_enough_and_the_next_one_covers_what_failed(
    place: Place, url: str, authority: Authority
) -> None:
    """Only the newest checkpoint is stamped; what is pending is what no token covers."""
    (lagging,) = place.use(url="http://127.0.0.1:1/tsr", roots=authority.root).send()
    assert (lagging.sent, lagging.lacks) == (0, 8)
    (sent,) = place.use(url=url, roots=authority.root).send()
    assert (sent.sent, sent.lacks, sent.is_done) == (1, 0, True)
    place.run("r-3")
    assert "4 entries are not yet with the time-stamp authority" in told(place.verified().lags)
    place.send()
    assert [path.name for path in sorted((place.home / "anchors").iterdir())] == ["000004.tsr", "000006.tsr"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (answering(b"<html>hello</html>"), "answered something that is no time-stamp"),
        (answering(b""), "answered something that is no time-stamp"),
        (answering(b"down", 500), "answered 500"),
        (answering(b"", 302, Location="http://127.0.0.1:1/"), "answered 302. Redirects are not followed"),
        (flooding, "answered more than 64 KiB"),
    ],
)
def test_an_authority_that_misbehaves_leaves_the_queue_as_it_is(
    place: Place, answer: Answer, words: str
) -> None:
    """Nothing is kept, the reason is told, and the next try is the same try."""
    with served(answer) as address:
        (found,) = place.use(url=address).send()
    assert (found.sent, found.lacks, found.is_done) == (0, 8, False)
    assert words in found.why
    assert not (place.home / "anchors").exists()


@pytest.mark.parametrize("slow", [hanging, dripping])
def test_an_authority_that_never_ends_is_given_up(place: Place, slow: type) -> None:
    """Silent, or a byte now and then."""
    until = Event()
    try:
        with served(slow(until)) as address:
            try:
                (found,) = place.use(url=address).send(seconds=0.5)
            finally:
                until.set()
    finally:
        until.set()
    assert (found.sent, found.lacks) == (0, 8)
    assert "longer than" in found.why or "within" in found.why or "timed out" in found.why


def test_an_answer_to_somebody_else_is_not_kept(place: Place, authority: Authority) -> None:
    """Another text; the right text with another nonce (an old answer, played again)."""
    for content in (b"another", place.notes()[3]):
        with served(answering(authority.stamp_of(content))) as address:
            (found,) = place.use(url=address, roots=authority.root).send()
        assert "time-stamp of something else" in found.why
    assert not (place.home / "anchors").exists()


def test_an_answer_by_a_stranger_is_not_kept(place: Place, authority: Authority, stranger: Authority) -> None:
    """Kept once, it would be damage for ever."""
    with served(stamping(stranger)) as address:
        (found,) = place.use(url=address, roots=authority.root).send()
    assert "was not kept. It does not lead to" in found.why
    assert not (place.home / "anchors").exists()


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "ftp://h/",
        "https:///tsr",
        "http://[::1",
        "http://u:p@h/",
        "http://h:x/",
        "http://h/\r\nX: y",
    ],
)
def test_an_address_that_is_none_is_refused(place: Place, address: str) -> None:
    """Only http and https, to a named host, without a login."""
    (found,) = place.use(url=address).send()
    assert (found.sent, found.is_done) == (0, False)
    assert "no address" in found.why or "can't be reached" in found.why


def test_a_folder_that_is_gone_is_never_made(place: Place) -> None:
    """A disk that is not mounted: the copies must not land on this one."""
    shutil.rmtree(place.elsewhere)
    (found,) = place.use(copies=True).send()
    assert (found.lacks, found.why) == (8, f"{place.elsewhere} is not there. Mount it, or make it.")
    assert not place.elsewhere.exists()
    report = place.verified()
    assert report.damages == ()
    assert "was not compared" in told(report.lags)


def test_a_folder_that_can_not_be_written_is_told(place: Place) -> None:
    """Read-only even for root: the reason, and everything stays pending."""
    place.anchors = Anchors(folder="/sys")
    (found,) = place.send()
    assert (found.sent, found.lacks) == (0, 8)
    assert found.why.startswith("/sys/000001.note: ")


def test_a_folder_of_a_relative_name_is_refused(place: Place) -> None:
    """It would be another one from each folder where somebody types `keys`."""
    place.anchors = Anchors(folder="elsewhere")
    (found,) = place.send()
    assert "must be a whole path" in found.why


def test_a_folder_with_another_journal_s_copies_is_refused(place: Place, tmp_path: Path) -> None:
    """Nothing would seem to be pending; and nothing of this journal would be there."""
    (tmp_path / "other").mkdir()
    other = Place(tmp_path / "other")
    other.run("r-9")
    other.elsewhere = place.elsewhere
    other.use(copies=True).send()
    (found,) = place.use(copies=True).send()
    assert (found.sent, found.lacks, found.is_done) == (0, 8, False)
    assert "is not this journal's first checkpoint" in found.why
    assert len(list(place.elsewhere.iterdir())) == 2


def test_a_copy_cut_short_is_told_and_is_no_damage(place: Place) -> None:
    """The machine failed while it was written; nobody changed the journal."""
    place.use(copies=True).send()
    cut = place.elsewhere / "000003.note"
    cut.chmod(0o644)
    cut.write_bytes(cut.read_bytes()[:20])
    report = place.verified()
    assert report.damages == ()
    assert "Checkpoint 3 is cut short" in told(report.notices)


def test_a_copy_that_was_removed_is_told(place: Place) -> None:
    """Whoever can remove copies elsewhere leaves a hole, until the next send."""
    place.use(copies=True).send()
    (place.elsewhere / "000002.note").unlink()
    report = place.verified()
    assert report.damages == ()
    assert "Checkpoint 2 is missing from the folder" in told(report.notices)


def test_what_else_lies_in_the_folder_is_left_alone(place: Place) -> None:
    """Other names, a pipe that nobody writes to."""
    (place.elsewhere / "readme.txt").write_text("ours")
    place.use(copies=True).send()
    os.mkfifo(place.elsewhere / "000009.note")
    assert "Checkpoint 9 is kept by the folder" in told(place.verified().damages)


def test_without_the_library_time_stamps_are_told_as_not_looked_at(
    place: Place, url: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The extra is not installed: nothing breaks, nothing is called good."""
    place.use(url=url, roots=authority.root).send()
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    report = place.verified()
    assert (report.damages, report.anchored) == ((), ())
    assert "1 time-stamps were not looked at" in told(report.notices)
    place.run("r-3")
    (found,) = place.send()
    assert "runbook-keys[anchors]" in found.why


def test_an_authority_whose_name_nobody_vouches_for_is_refused(place: Place, authority: Authority) -> None:
    """Over https the server's certificate is checked, as a browser would."""
    with served(stamping(authority), tls=authority) as address:
        assert address.startswith("https://")
        (found,) = place.use(url=address).send()
    assert "CERTIFICATE_VERIFY_FAILED" in found.why


def test_a_copy_that_another_process_has_just_made_is_as_good(place: Place) -> None:
    """The same bytes are there: nothing failed. Other bytes: it failed."""
    copies = FolderCopies(f"{place.elsewhere}")
    wait(copies.keep(1, b"a note", 5))
    wait(copies.keep(1, b"a note", 5))
    with pytest.raises(AnchorUnavailable, match="File exists"):
        wait(copies.keep(1, b"another", 5))


def test_nothing_configured_is_an_answer_too(place: Place) -> None:
    """`keys anchor` never looks as if it had done something."""
    with pytest.raises(AnchorUnavailable, match=r"\[anchors\]"):
        place.send()


def test_a_receipt_holds_as_long_as_the_journal_does(place: Place) -> None:
    """The line that an approver wrote down, against the journal as it is and as somebody rewrote it."""
    store = signed_store(place.home)
    before = wait(store.entries("r-2"))
    receipt = receipt_of(wait(store.runs())[1])
    wait(store.close())
    assert receipt == f"r-2:4:{before[3].link[:16]}"
    assert place.verified(receipt).anchored == ("Entry 4 of run r-2 stands as the receipt names it.",)
    place.sign_anew()
    report = place.verified(receipt)
    assert "this entry, or one before it, was rewritten" in told(report.damages)
    assert report.anchored == ()


def test_a_receipt_of_an_entry_that_is_gone_is_found(place: Place) -> None:
    """A run that was removed, an end that was cut off."""
    for receipt in ("r-2:5:0123456789abcdef", "r-9:1:0123456789abcdef"):
        assert "There is a receipt for this entry, and it is gone." in told(place.verified(receipt).damages)


@pytest.mark.parametrize("text", ["", "r-1:1:abc", "r-1:0:0123456789abcdef", "r-1:1:0123456789ABCDEG", "r-1"])
def test_what_is_no_receipt_is_refused(place: Place, text: str) -> None:
    """A slip must not look like a finding."""
    with pytest.raises(RefusedInput, match="no receipt"):
        place.verified(text)


def test_what_is_kept_elsewhere_is_evidence_for_an_examiner(place: Place) -> None:
    """The control report tells it with how far it is behind; that the journal itself is copied it does not say."""
    before = _anchors_in_report(place)
    place.use(copies=True).send()
    after = _anchors_in_report(place)

    assert before == []
    assert any(f"{place.elsewhere}" in words for words in after)


def _anchors_in_report(place: Place) -> list[str]:
    async def body() -> list[str]:
        async with services({}, home=place.home, config=Config(anchors=place.anchors)) as opened:
            today = opened.clock.now().date()
            files = (await report(opened, "pci-dss", today - timedelta(days=2), today)).files
            rows = csv.DictReader(io.StringIO(files["evidence.csv"].decode()))
            return [row["words"] for row in rows if row["control"] == "10.3.3"]

    return wait(body())

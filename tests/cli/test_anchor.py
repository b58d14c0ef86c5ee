"""`keys anchor`, the one try after a run, and the receipt: as an operator sees them."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, f"{Path(__file__).parents[1] / 'hostile'}")
sys.path.insert(0, f"{Path(__file__).parents[1] / 'evidence'}")
from authority import Authority, served, stamping
from small_pack import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A pack whose action can't be undone, and a folder elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    return Place(tmp_path, {"KEYS_CONFIG": f"{tmp_path / 'keys.toml'}"}).write(change="echo changed")


def configure(place: Place, url: str = "", roots: object = "") -> None:
    """keys.toml with a folder, and perhaps an authority."""
    text = f'[anchors]\nfolder = "{place.folder / "elsewhere"}"\ntime_stamps = "{url}"\ntime_stamp_roots = "{roots}"\n'
    (place.folder / "keys.toml").write_text(text)


def test_a_run_is_anchored_after_its_last_screen(place: Place) -> None:
    """Copies up to its end are there when `keys run` returns, and nothing more is on the screen."""
    configure(place)
    code, said = place.run_to_end("A1", "it is down")
    assert code == 0
    assert len(list((place.folder / "elsewhere").glob("*.note"))) == 4
    assert said.rstrip().splitlines()[-1].startswith(("Journal: ", "r-"))


def test_anchors_that_fail_are_one_line_and_change_nothing(place: Place) -> None:
    """The exit code is the run's; the line comes last; the next `keys anchor` says why, with a code of its own."""
    configure(place, "http://127.0.0.1:1/tsr")
    (place.folder / "elsewhere").rmdir()
    code, said = place.run_to_end("A1", "it is down")
    assert code == 0
    assert said.endswith(
        "Queued: the copy of this record elsewhere is not up to date. Later: `keys anchor`.\n"
    )
    assert said.index("END: RESOLVED") < said.index("Queued")
    code, said = place.said("anchor")
    assert code == 1
    assert "is not there. Mount it, or make it." in " ".join(said.split())
    assert "can't be reached" in said


def test_a_run_without_anchors_says_nothing_of_them(place: Place) -> None:
    """Nobody configured any: no line, no wait."""
    assert "Queued" not in place.run_to_end("A1", "it is down")[1]
    code, said = place.said("anchor")
    assert code == 1
    assert "[anchors]" in said


def test_what_was_queued_is_sent_later(place: Place, tmp_path: Path) -> None:
    """Offline at the run's end; afterwards `keys anchor` sends, and `keys verify` shows how far it reaches."""
    authority = Authority(tmp_path / "authority")
    configure(place, "http://127.0.0.1:1/tsr", authority.root)
    place.run_to_end("A1", "it is down")
    with served(stamping(authority)) as url:
        configure(place, url, authority.root)
        assert "entries lack" not in place.said("anchor")[1]
        assert place.said("anchor")[0] == 0
    said = place.said("verify")[1]
    assert "keeps checkpoints up to 4." in " ".join(said.split())
    assert "Checkpoint 4, and so all before it, was there by" in said


def test_who_approves_what_can_not_be_undone_gets_a_receipt(place: Place) -> None:
    """One line within 80 columns, before the command runs; `keys verify` knows it again, and another one not."""
    _, said = place.run_to_end("A1", "it is down")
    lines = said.splitlines()
    (line,) = [each for each in lines if "Keep this receipt:" in each]
    assert len(line) <= 80
    assert lines.index(line) < lines.index("  | changed")
    receipt = line.rpartition(" ")[2]
    run, entry, digits = receipt.split(":")
    assert re.fullmatch(r"[0-9a-f]{16}", digits)
    assert place.said("verify", "--receipt", receipt)[0] == 0
    code, told = place.said("verify", "--receipt", f"{run}:{entry}:{'0' * 16}")
    assert code == 1
    assert f"{run}, entry {entry}: The receipt names another chain value" in " ".join(told.split())


def test_the_receipt_covers_the_approval_itself(place: Place) -> None:
    """The entry that it names is the approval: who said yes and to what can't be rewritten beside it."""
    _, said = place.run_to_end("A1", "it is down")
    found = re.search(r"receipt: (\S+):(\d+):", said)
    assert found is not None
    lines = place.said("show", found[1], "--entries")[1].splitlines()
    assert '"event":"ApprovalGranted"' in lines[int(found[2]) - 1]


def test_what_can_be_undone_gives_no_receipt(place: Place) -> None:
    """A receipt is for what matters; more of them would be noise."""
    place.write(change="true", undo=("true", "true"))
    assert "receipt" not in place.run_to_end("")[1]


def test_the_copies_of_somebody_else_are_taken_as_a_folder(place: Place) -> None:
    """An auditor's own copies, without any [anchors]; a bundle is not held against them."""
    configure(place)
    place.run_to_end("A1", "it is down")
    configure_nothing = place.folder / "keys.toml"
    configure_nothing.write_text("")
    assert place.said("verify", "--against", "elsewhere")[0] == 0
    (place.home / "journal.db").rename(place.home / "away.db")
    code, said = place.said("verify", "--against", "elsewhere")
    assert code == 1
    assert "covers 16 rows, the spine ends at row 0: the rest was cut off" in " ".join(said.split())
    assert place.said("verify", "example", "--against", "elsewhere")[0] == 2


def test_doctor_says_what_lags(place: Place) -> None:
    """Nothing configured, something pending, all well."""
    assert "No checkpoint is kept where others can't change it." in place.said("doctor", "./example")[1]
    place.run_to_end("A1", "it is down")
    configure(place)
    said = " ".join(place.said("doctor", "./example")[1].split())
    assert "16 entries are not yet with the folder" in said
    place.said("anchor")
    assert "not yet with" not in place.said("doctor", "./example")[1]


def test_a_backup_that_was_put_back_is_found_by_the_folder_and_declared(place: Place) -> None:
    """The alarm, the declaration, a new run: then the folder takes copies again, and no number comes twice."""
    configure(place)
    place.run_to_end("A1", "it is down")
    backup = (place.home / "journal.db").read_bytes()
    place.run_to_end("A1", "it is down again")
    (place.home / "journal.db").write_bytes(backup)
    code, said = place.said("verify")
    assert code == 1
    assert "gone from the journal" in " ".join(said.split())
    number = re.search(r"(\d+) findings", said)
    assert number
    assert place.said("declare", "--reason", "backup", "--confirm", number[1])[0] == 0
    assert place.said("verify")[0] == 0
    place.run_to_end("A1", "it is down once more")
    assert place.said("anchor")[0] == 0
    assert place.said("verify")[0] == 0
    assert len(list((place.folder / "elsewhere").glob("*.note"))) == 13

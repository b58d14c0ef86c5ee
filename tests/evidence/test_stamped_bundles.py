"""Time-stamps in a bundle: they go along, and an auditor's own openssl checks them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from authority import Authority, served, stamping
from keyring import wait

from runbook_keys.bootstrap import services
from runbook_keys.config import Anchors, Config
from runbook_keys.operations.record.anchor import anchor
from runbook_keys.operations.reports.export import Exported, check_files, export

sys.path.insert(0, f"{Path(__file__).parents[1] / 'hostile'}")
from small_pack import Place


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority of both runs."""
    return Authority(tmp_path_factory.mktemp("authority") / "authority")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Place:
    """Two runs, then a time-stamp: it is over the second one's end."""
    made = Place(tmp_path_factory.mktemp("stamped")).write()
    for _ in range(2):
        assert made.run_to_end("A1", "it is down")[0] == 0
    with served(stamping(authority)) as url:
        config = Config(anchors=Anchors(time_stamps=url, time_stamp_roots=f"{authority.root}"))

        async def body() -> bool:
            async with services({}, home=made.home, config=config) as opened:
                return all(each.is_done for each in await anchor(opened))

        assert wait(body())
    return made


def exported(place: Place, number: int) -> Exported:
    """The bundle of the run of this place in the journal."""

    async def body() -> Exported:
        async with services({}, home=place.home, config=Config()) as opened:
            return await export(opened, (await opened.store.runs())[number].run)

    return wait(body())


def found(place: Place, files: dict[str, bytes], roots: Path) -> tuple[str, str]:
    """The damages and notices that `keys verify` has for a bundle's files."""
    config = Config(anchors=Anchors(time_stamp_roots=f"{roots}"))

    async def body() -> tuple[str, str]:
        async with services({}, home=place.home, config=config) as opened:
            report = check_files(opened, files).report
            return "\n".join(report.damages), "\n".join(report.notices)

    return wait(body())


def script(bundle: Exported, folder: Path, *more: str) -> tuple[int, str]:
    """What `verify.sh` says."""
    for name, content in bundle.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": f"{folder.parent}"}
    done = subprocess.run(
        ["sh", "verify.sh", ".", "", *more], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def tokens(bundle: Exported) -> list[str]:
    """The names of the time-stamps in a bundle."""
    return [Path(name).name for name in bundle.files if name.endswith(".tsr")]


def test_an_auditor_checks_a_time_stamp_with_openssl_alone(
    place: Place, authority: Authority, tmp_path: Path
) -> None:
    """With the authority's certificates as third word; from where the auditor stands."""
    (tmp_path / "authority.pem").write_bytes(authority.root.read_bytes())
    code, said = script(exported(place, 1), tmp_path / "bundle", "../authority.pem")
    assert code == 0
    assert "ok   data/checkpoints/000008.note was there by" in said


def test_the_commands_of_the_page_check_a_time_stamp(
    place: Place, authority: Authority, tmp_path: Path
) -> None:
    """As they stand in VERIFY.md, with the number and the file in their places."""
    script(exported(place, 1), tmp_path / "bundle")
    page = (tmp_path / "bundle" / "VERIFY.md").read_text("utf-8")
    lines = page.partition("## If there are time-stamps")[2].splitlines()
    verified, shown = [line.strip() for line in lines if line.startswith("    ")]
    for command, words in ((verified, "Verification: OK"), (shown, "Time stamp: ")):
        given = command.replace("NNNNNN", "000008").replace("AUTHORITY.pem", f"{authority.root}")
        done = subprocess.run(given.split(), cwd=tmp_path / "bundle", capture_output=True, text=True)
        assert words in done.stdout


def test_a_time_stamp_that_nobody_checked_is_told_as_such(place: Place, tmp_path: Path) -> None:
    """Without the certificates it is no fault, and nothing is claimed."""
    code, said = script(exported(place, 1), tmp_path / "bundle")
    assert code == 0
    assert "000008.tsr says " in said
    assert "was not checked" in said


def test_a_time_stamp_by_another_authority_is_a_fault(place: Place, tmp_path: Path) -> None:
    """The script and `keys verify` say the same."""
    stranger = Authority(tmp_path / "stranger")
    bundle = exported(place, 1)
    code, said = script(bundle, tmp_path / "bundle", f"{stranger.root}")
    assert code == 1
    assert "BAD  data/checkpoints/000008.tsr is no time-stamp of data/checkpoints/000008.note" in said
    damages, _ = found(place, dict(bundle.files), stranger.root)
    assert "The time-stamp of checkpoint 8 is nobody's word" in damages


def test_keys_verify_reads_the_time_stamps_of_a_bundle(place: Place, authority: Authority) -> None:
    """Good ones are told with their time; without certificates that is told."""
    files = dict(exported(place, 1).files)
    damages, notices = found(place, files, authority.root)
    assert damages == ""
    assert "Checkpoint 8, and so all before it, was there by" in notices
    assert "was not looked at" in found(place, files, Path("/nowhere"))[1]


def test_a_run_takes_the_time_stamp_that_came_after_it(place: Place, authority: Authority) -> None:
    """The machine was offline at its end: the bundle reaches to the checkpoint that was stamped."""
    bundle = exported(place, 0)
    assert tokens(bundle) == ["000008.tsr"]
    assert found(place, dict(bundle.files), authority.root)[0] == ""


def test_a_stamped_bundle_is_the_same_bytes_each_time(place: Place) -> None:
    """Time-stamps are kept, not asked for anew."""
    assert exported(place, 1).zip == exported(place, 1).zip


def test_a_time_stamp_of_another_text_in_a_bundle_is_found(
    place: Place, authority: Authority, tmp_path: Path
) -> None:
    """Whoever exports with a wrong token on the disk signs the bundle all the same: the token tells."""
    token = place.home / "anchors" / "000008.tsr"
    whole = token.read_bytes()
    token.write_bytes(authority.stamp_of(b"another text\n"))
    try:
        bundle = exported(place, 1)
    finally:
        token.write_bytes(whole)
    assert "Checkpoint 8 is not the text" in found(place, dict(bundle.files), authority.root)[0]
    assert script(bundle, tmp_path / "bundle", f"{authority.root}")[0] == 1

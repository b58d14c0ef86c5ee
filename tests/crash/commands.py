"""Disturb the commands beside a run at each of their calls, then give them again: the record stays whole, nothing half is left."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

from faulty import FaultyKeys, Plan, Told
from msgspec import Struct
from trial import Record, Tally, Trial, Violated, hold, record_of

from runbook_keys.stores.sqlite import SqliteStore

SAMPLE = Path(__file__).parents[1] / "evidence/samples/before-checkpoints/journal.db"
VERIFY = "the journal is whole"
FOUND = "1"
"""What `keys declare` is told: the checkpoint that was kept elsewhere is gone from the journal."""


class Place(Trial):
    """A trial whose run has ended; commands beside the run are given here."""

    @property
    def out(self) -> Path:
        """Where commands write pages and bundles."""
        return self.disk / "out"

    @property
    def anchors(self) -> Path:
        """Where checkpoints are kept."""
        return self.disk / "anchors"

    @property
    def kept(self) -> Path:
        """A checkpoint that was kept elsewhere."""
        return self.folder / "kept.checkpoint"

    def environment(self) -> dict[str, str]:
        """With the organisation's settings."""
        return {**super().environment(), "KEYS_CONFIG": f"{self.folder / 'keys.toml'}"}

    def contents(self) -> Record:
        """All that the journal holds, read from a copy: whoever looks may bring an old journal up to date."""
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.home, copy)
        store = SqliteStore.open(copy / "journal.db")

        async def read() -> Record:
            try:
                return await record_of(store)
            finally:
                await store.close()

        return asyncio.run(read())

    def files(self) -> set[str]:
        """What lies on the disk; what is only remembered (cache) and side files that come and go are left out."""
        paths = (path.relative_to(self.disk).as_posix() for path in self.disk.rglob("*") if path.is_file())
        lasting = (path for path in paths if not re.match(r"home/cache/|home/journal.db-(wal|shm)$", path))
        return {re.sub(r"/[0-9a-f]{16}\.pem$", "/KEY.pem", path) for path in lasting}


class Command(Struct, frozen=True):
    """A command beside a run: its words, what it needs, and what must hold where it was killed."""

    words: str
    arguments: Callable[[Place], list[str]]
    prepare: Callable[[FaultyKeys, Place], None] = lambda _program, _place: None
    check: Callable[[FaultyKeys, Place], None] = lambda _program, _place: None


def staged(program: FaultyKeys, folder: Path, command: Command) -> Path:
    """A folder with a run that has ended, and what the command needs."""
    folder.mkdir()
    place = Place(folder)
    (folder / "keys.toml").write_text(f'[anchors]\nfolder = "{place.anchors}"\n', "utf-8")
    place.anchors.mkdir()
    program.keys(place)
    hold(place.is_ended(), "the run to be looked at did not end")
    command.prepare(program, place)
    return folder


def disturb_command(
    program: FaultyKeys, folder: Path, name: str, plan: Plan, numbers: Iterable[int] | None = None
) -> Tally:
    """Disturb its call 1, 2, 3 … (or those of `numbers`) until it ends without having met it."""
    tally, command = Tally(), COMMANDS[name]
    stage = staged(program, folder / f"stage-{name}", command)
    usual = _usual(program, stage, command)
    for at in numbers or count(1):
        try:
            is_met = _one(program, stage, command, Plan(plan.kind, at, plan.is_lasting), usual, tally)
        except Violated as violated:
            is_met = True
            tally.violations.append(f"{command.words}, {plan.kind}, call {at}: {violated}")
        if not is_met:
            break
    shutil.rmtree(stage)
    return tally


def _fresh(stage: Path) -> Place:
    """The stage as it was; always in the same place, because settings and bundles name it."""
    kept = stage.with_name(f"{stage.name}-kept")
    if not kept.exists():
        shutil.copytree(stage, kept)
    shutil.rmtree(stage)
    shutil.copytree(kept, stage)
    place = Place.__new__(Place)
    place.enter(stage)
    return place


def _usual(program: FaultyKeys, stage: Path, command: Command) -> set[str]:
    """The files that lie there when nothing was disturbed."""
    place = _fresh(stage)
    told = _given(program, place, command)
    hold(told.code == 0, f"undisturbed it ends with {told.code}: {told.screen}")
    return place.files()


def _given(program: FaultyKeys, place: Place, command: Command, plan: Plan | None = None) -> Told:
    return program.run(command.arguments(place), place.environment(), place.folder, plan or Plan())


def _given_again(program: FaultyKeys, place: Place, command: Command) -> Told:
    """As a person does it: where it asks for another number by now, with that one."""
    told = _given(program, place, command)
    if wanted := re.search(r"The number to give is (\d+)", told.screen):
        return program.run([*command.arguments(place)[:-1], wanted[1]], place.environment(), place.folder)
    return told


def _one(
    program: FaultyKeys, stage: Path, command: Command, plan: Plan, usual: set[str], tally: Tally
) -> bool:
    place = _fresh(stage)
    before = place.contents()
    told = _given(program, place, command, plan)
    if not told.met:
        return False
    tally.disturbed += 1
    _check_kept(before, place.contents())
    command.check(program, place)
    if told.code == 1:
        said = "".join(told.screen.split())  # long paths are broken over lines
        hold(f"{place.folder}" in said or before.heads[0].run in said, f"no place: {told.screen}")
    again = _given_again(program, place, command)
    said = f"given again it ends with {again.code}: {again.screen}"
    is_done = told.code == 0 or any(words in again.screen for words in DONE_BEFORE)
    hold(again.code == 0 or is_done, said)
    command.check(program, place)
    tally.resumed += 1
    verified = program.run(["verify"], place.environment(), place.folder)
    hold(verified.code == 0 and VERIFY in verified.screen.lower(), f"it does not verify: {verified.screen}")
    hold(place.files() <= usual, f"left behind: {sorted(place.files() - usual)}")
    return True


def _check_kept(before: Record, after: Record) -> None:
    """What was there is there; the chain verifies."""
    hold(not after.damages, f"the chain does not verify: {after.damages}")
    for run, entries in before.entries.items():
        hold(list(after.entries[run])[: len(entries)] == list(entries), "an acknowledged entry is gone")
    notes = list(before.checkpoints)
    hold(list(after.checkpoints)[: len(notes)] == notes, "a checkpoint is gone or was changed")


def _check_export(_program: FaultyKeys, place: Place) -> None:
    """What bears the name of a bundle is whole, by its own script."""
    for bundle in place.out.glob("keys-*/"):
        if bundle.suffix == ".part":
            continue
        done = subprocess.run(["sh", "verify.sh"], cwd=bundle, capture_output=True, text=True)
        hold(done.returncode == 0, f"{bundle.name} is not whole: {done.stdout[-300:]}{done.stderr[-300:]}")
    for packed in place.out.glob("*.zip"):
        done = subprocess.run(["python3", "-m", "zipfile", "-t", packed], capture_output=True, text=True)
        hold(done.returncode == 0, f"{packed.name} is not whole: {done.stderr[-300:]}")
    for path in place.out.glob("*.jsonl"):
        hold(path.read_bytes().endswith(b"\n"), f"{path.name} is not whole")


def _check_report(_program: FaultyKeys, place: Place) -> None:
    """A page that is there is whole, and so are its tables."""
    found = {path.name: path.read_text("utf-8") for path in place.out.glob("*") if path.suffix != ".part"}
    pages = [text for name, text in found.items() if name.endswith(".html")]
    hold(all(text.rstrip().endswith("</html>") for text in pages), "a page is not whole")
    hold(all(text.endswith("\n") for name, text in found.items() if name.endswith(".csv")), "a table is cut")
    hold(not pages or len(found) > 1, "a page without its tables")


def _check_anchors(program: FaultyKeys, place: Place) -> None:
    """A copy is the checkpoint; one that was cut short is named."""
    own = {each.no: each.note for each in place.contents().checkpoints}
    for path in place.anchors.glob("*.note"):
        content, note = path.read_bytes(), own[int(path.stem)]
        hold(note.startswith(content), f"{path.name} is no checkpoint of this journal")
        if content != note:
            told = program.run(["verify"], place.environment(), place.folder)
            hold("cut short" in told.screen, f"{path.name} is cut, and nobody says so: {told.screen}")


def _old(_program: FaultyKeys, place: Place) -> None:
    shutil.rmtree(place.home)
    shutil.rmtree(place.anchors)
    place.anchors.mkdir()
    place.home.mkdir()
    shutil.copyfile(SAMPLE, place.home / "journal.db")


def _damaged(program: FaultyKeys, place: Place) -> None:
    """A checkpoint that was kept elsewhere is not in the journal: an old copy was put back."""
    old = place.folder / "old"
    shutil.copytree(place.home, old)
    program.run(["feedback", place.run_name(), "S1", "it is unclear"], place.environment(), place.folder)
    told = program.run(["checkpoint"], place.environment(), place.folder)
    place.kept.write_text(told.screen[: told.screen.index("keys: ")], "utf-8")
    shutil.rmtree(place.home)
    old.rename(place.home)
    program.run(["verify", "--against", f"{place.kept}"], place.environment(), place.folder)


def _first_key(_program: FaultyKeys, place: Place) -> None:
    """The journal has its entries and no key yet, as after an upgrade."""
    shutil.rmtree(place.home / "signing")


COMMANDS = {
    "checkpoint": Command("`keys checkpoint`", lambda _: ["checkpoint"]),
    "new-key": Command(
        "`keys checkpoint --new-key`", lambda _: ["checkpoint", "--new-key", "it is a year old"]
    ),
    "migrate": Command("an old journal brought up to date", lambda _: ["runs"], _old),
    "export": Command(
        "`keys export`",
        lambda place: ["export", place.run_name(), "--dsse", "--out", f"{place.out}"],
        check=_check_export,
    ),
    "erase": Command(
        "`keys erase`",
        lambda place: ["erase", name := place.run_name(), "--reason", "asked for", "--confirm", name],
    ),
    "anchor": Command("`keys anchor`", lambda _: ["anchor"], check=_check_anchors),
    "verify": Command("`keys verify`", lambda _: ["verify"]),
    "declare": Command(
        "`keys declare`",
        lambda place: ["declare", "--reason", "a backup", "--against", f"{place.kept}", "--confirm", FOUND],
        _damaged,
    ),
    "report": Command(
        "`keys report`",
        lambda place: [*"report soc2 --from 2020-01-01 --to 2099-12-31 --out".split(), f"{place.out}"],
        check=_check_report,
    ),
    "runs": Command("`keys runs`", lambda _: ["runs"]),
    "show": Command("`keys show`", lambda place: ["show", place.run_name()]),
}
DONE_BEFORE = ("is there already", "There is nothing to declare")
"""What a command says where the first try has done all of it."""

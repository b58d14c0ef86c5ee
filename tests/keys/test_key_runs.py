"""Runs that call KEYS: pinned at the opening, on the record, and lost calls met by class."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from keyed_place import LOOK, README, SET, KeyedPlace
from throwaway import a_key, a_notebook, an_object

from runbook_keys import bootstrap
from runbook_keys.errors import InvalidPack
from runbook_keys.model.pack import Pack
from runbook_keys.operations import pins
from runbook_keys.operations.packs import read_pack
from runbook_keys.operations.pins import called_keys

YES = ""
FILE = {"type": "string", "format": "path"}
SET_FIELDS = {
    "inputs": an_object(("file", "to"), file=FILE, to={"enum": ["on", "off"]}),
    "outputs": an_object(before={"type": "string"}),
    "safety": "REVERSIBLE",
    "has_undo": True,
}


@pytest.fixture
def place(tmp_path: Path) -> KeyedPlace:
    """A runbook of KEYS, and a switch that is on."""
    return KeyedPlace(tmp_path)


def test_a_run_by_keys_resolves_and_its_record_says_what_was_called(place: KeyedPlace) -> None:
    """Which KEY in which version, by what, with digests of what it was given and returned; the journal is whole."""
    code, output = place.run(YES)
    assert code == 0, output
    assert place.switch.read_text() == "off"
    finished = place.events("AttemptFinished")
    assert [each["key"]["slug"] for each in finished] == [
        "python-switch-look",
        "python-switch-set",
        "python-switch-look",
    ]
    for each in finished:
        assert each["key"]["program"].startswith("Python ")
        assert all(len(each["key"][name]) == 64 for name in ("digest", "arguments_blob", "result_blob"))
    assert "key python-switch-set" in place.events("AttemptStarted")[1]["command"]
    assert place.said("verify")[0] == 0
    shown = place.said("show", place.said("runs")[1].split()[0])[1]
    assert "python-switch-set 1.0.0" in " ".join(shown.split())


def test_the_screen_names_the_key_and_shows_what_came_back(place: KeyedPlace) -> None:
    """A person approves a call of a KEY by its name, having seen the observed value."""
    _, output = place.run(YES)
    assert "key python-switch-set" in output
    assert "is_on = True" in output


def test_a_key_updated_while_a_run_is_open_is_not_used_by_it(place: KeyedPlace) -> None:
    """The run goes on with the version that it pinned; the next run gets the new one."""
    code, _ = place.run("q")
    assert code == 7
    place.install(
        "python-switch-set", SET.replace('arguments["to"]', '"broken"'), version="2.0.0", **SET_FIELDS
    )
    code, output = place.resume(YES)
    assert code == 0, output
    assert place.switch.read_text() == "off"
    (pinned,) = [key for key in place.events("RunOpened")[0]["keys"] if key["slug"] == "python-switch-set"]
    changed = place.events("AttemptFinished")[1]["key"]
    assert (changed["version"], changed["digest"]) == ("1.0.0", pinned["digest"])


def test_a_key_removed_while_a_run_is_open_does_not_stop_it(place: KeyedPlace) -> None:
    """What a run needs lies in its journal."""
    place.run("q")
    for file in (place.home / "python" / "python-switch-set").iterdir():
        file.unlink()
    code, output = place.resume(YES)
    assert (code, place.switch.read_text()) == (0, "off"), output


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef run(arguments, tools):\n    os.kill(os.getpid(), 9)",
        "def run(arguments, tools):\n    return {'before': 7}",
    ],
)
def test_a_change_without_a_result_waits_in_unknown(place: KeyedPlace, source: str) -> None:
    """Its process died, or its answer is rubbish: the rollback check says what became of it, no condition does."""
    place.install("python-switch-set", source, **SET_FIELDS)
    code, output = place.run(YES, "q")
    assert place.events("AttemptFinished")[1]["outcome"] == "unknown"
    assert place.events("OutcomeSettled")[0]["settlement"] == "not-applied", output
    assert not [taken for taken in place.events("BranchTaken") if taken["step"] == "A1"]
    assert code == 7


@pytest.mark.parametrize(
    "source",
    [
        "import os\ndef run(arguments, tools):\n    os.kill(os.getpid(), 9)",
        "def run(arguments, tools):\n    raise ValueError('no such switch')",
        "def run(arguments, tools):\n    return {'is_on': 'perhaps'}",
    ],
)
def test_a_look_without_a_result_takes_the_way_out_for_anything_else(place: KeyedPlace, source: str) -> None:
    """Nothing matches; why stands in the journal."""
    place.install(
        "python-switch-look",
        source,
        inputs=an_object(("file",), file=FILE),
        outputs=an_object(is_on={"type": "boolean"}),
    )
    code, output = place.run()
    assert code == 4, output
    assert place.switch.read_text() == "on"
    (taken,) = place.events("BranchTaken")
    assert taken["because"] == "nothing-matched"
    assert place.events("AttemptFinished")[0]["why"]


def test_a_rollback_undoes_with_what_the_work_returned(place: KeyedPlace) -> None:
    """The change was made and seen not to have worked; its undo puts back what it had found."""
    lying = SET.replace('file.write_text(arguments["to"])', 'file.write_text(arguments["to"]); before = "on"')
    place.install("python-switch-set", lying, **SET_FIELDS)
    never = LOOK.replace('== "on"', '!= ""')
    place.install(
        "python-switch-look",
        never,
        inputs=an_object(("file",), file=FILE),
        outputs=an_object(is_on={"type": "boolean"}, holds={"type": "boolean"}),
    )
    code, output = place.run(YES, YES)
    assert code == 4, output
    assert place.switch.read_text() == "on"
    assert [each["key"]["mode"] for each in place.events("AttemptFinished")] == [
        "run",
        "run",
        "run",
        "undo",
        "run",
    ]
    assert place.events("ActionRolledBack") == [{"step": "A1"}]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("key python-switch-look\n", "key python-switch-lock\n", "python-switch-lock"),
        ('to: "off"\n', 'to: "offf"\n', "`to`"),
        ('to: "off"\n', "", "`to`"),
        ('to: "off"\n', 'to: "off"\nspeed: "5"\n', "`speed`"),
        ("### A1. Switch it off (REVERSIBLE)", "### A1. Switch it off (SAFE)", "may only look"),
    ],
)
def test_a_call_that_can_not_work_never_reaches_a_run(
    place: KeyedPlace, old: str, new: str, words: str
) -> None:
    """Refused before anything is written, with the line and the reason."""
    assert old in README
    place.write_runbook(README.replace(old, new))
    code, output = place.run(YES, accepted="")
    assert code == 1
    assert "README.md:" in output
    assert words in output
    assert place.said("runs")[1].startswith("No runs yet")
    assert place.switch.read_text() == "on"


def test_a_value_that_the_schema_refuses_is_seen_before_the_run_starts(place: KeyedPlace) -> None:
    """The page is sound; the value that this operator gives is not, and it is not told."""
    inputs = an_object(("file",), file={**FILE, "maxLength": 3})
    place.install("python-switch-look", LOOK, inputs=inputs, outputs=an_object(is_on={"type": "boolean"}))

    async def refusal() -> str:
        async with bootstrap.services(place.environment, home=place.home) as services:
            opened = read_pack(services.library.load("switch-left-on"), services.cache)
            assert len(called_keys(services, opened, {"SWITCH": "/sw"}, "")) == 2
            with pytest.raises(InvalidPack) as refused:
                called_keys(services, opened, {"SWITCH": "/switches"}, "")
            return str(refused.value)

    told = asyncio.run(refusal())
    assert "S1 calls python-switch-look. `file` of the call" in told
    assert "/switches" not in told


def test_a_call_that_fitted_is_not_proven_twice_but_one_of_a_changed_key_is(
    place: KeyedPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first question comes sooner, and never on the word of an earlier text or value."""
    proven: list[str] = []
    prove = pins._fitness

    def counted(pack: Pack, each: pins.KeyBlock, values: Mapping[str, str]) -> pins.Fitness:
        proven.append(each.place)
        return prove(pack, each, values)

    monkeypatch.setattr(pins, "_fitness", counted)

    async def called(value: str) -> list[str]:
        proven.clear()
        async with bootstrap.services(place.environment, home=place.home) as services:
            opened = read_pack(services.library.load("switch-left-on"), services.cache)
            called_keys(services, opened, {"SWITCH": value}, "")
        return list(proven)

    at_first = asyncio.run(called("/sw"))
    assert at_first
    assert asyncio.run(called("/sw")) == []
    assert asyncio.run(called("/other")) == at_first
    inputs = an_object(("file",), file={**FILE, "maxLength": 2})
    place.install("python-switch-look", LOOK, inputs=inputs, outputs=an_object(is_on={"type": "boolean"}))
    with pytest.raises(InvalidPack):
        asyncio.run(called("/sw"))


def test_the_kept_result_is_the_canonical_json_that_its_digest_names(place: KeyedPlace) -> None:
    """An auditor who has the journal can say what a KEY was given and what it returned."""
    place.run(YES)
    key = place.events("AttemptFinished")[0]["key"]
    assert json.loads(place.blob(key["result_blob"])) == {"holds": True, "is_on": True}
    assert json.loads(place.blob(key["arguments_blob"])) == {"file": str(place.switch)}


def test_notebooks_of_one_run_share_a_kernel_and_leave_their_evidence(place: KeyedPlace) -> None:
    """Both looks ran in the same process; each executed copy and report lies with its attempt."""
    outputs = an_object(is_on={"type": "boolean"}, pid={"type": "integer"})
    cell = (
        "import os\nfrom pathlib import Path\nfrom runbook_keys.notebook import declare\n"
        "declare({'is_on': Path(file).read_text() == 'on', 'pid': os.getpid()})"
    )
    folder = place.home / "jupyter" / "jupyter-switch-look"
    folder.mkdir(parents=True)
    key = a_key(
        "jupyter",
        a_notebook(cell, parameters="file = ''"),
        slug="jupyter-switch-look",
        inputs=an_object(("file",), file=FILE),
        outputs=outputs,
    )
    for name, content in key.files.items():
        (folder / name).write_bytes(content)
    readme = README.replace("key python-switch-look\n", "key jupyter-switch-look\n")
    place.write_runbook(readme)
    code, output = place.run(YES)
    assert code == 0, output
    looks = [each["key"] for each in place.events("AttemptFinished") if each["step"] != "A1"]
    pids = {json.loads(place.blob(look["result_blob"]))["pid"] for look in looks}
    assert (len(looks), len(pids)) == (2, 1)
    for look in looks:
        assert sorted(look["files"]) == ["executed.ipynb", "report.html"]
        assert b"injected-parameters" in place.blob(look["files"]["executed.ipynb"])
        assert place.blob(look["files"]["report.html"]).startswith(b"<!doctype html>")
    assert place.said("verify")[0] == 0
    assert not Path(f"/proc/{pids.pop()}").exists()

"""`keys call`, `list`, `show`, `new` and `schema` as processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from keyed_place import KeyedPlace
from throwaway import an_object

KINDS = {
    "jupyter": "jupyter-word-count",
    "node": "node-note-write",
    "python": "python-note-write",
    "runbook": "page-left-on",
}
_NOTED = ("--file", "note.txt", "--note", "Closed for repair")


class Said:
    """How a command ended and what it said, stdout and stderr apart."""

    def __init__(self, place: KeyedPlace, arguments: tuple[str, ...], **environment: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "runbook_keys.cli.main", *arguments],
            env={**place.environment, **environment},
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.code, self.out, self.error = done.returncode, done.stdout, done.stderr


@pytest.fixture
def place(tmp_path: Path) -> KeyedPlace:
    """Two KEYS and a runbook, installed."""
    return KeyedPlace(tmp_path)


def test_a_call_gives_json_on_stdout_and_everything_else_on_stderr(place: KeyedPlace) -> None:
    """A program reads the one, a person the other; a relative path is below the caller's folder."""
    said = Said(place, ("call", "python-switch-look", "--file", "switch"))
    assert (said.code, json.loads(said.out)) == (0, {"is_on": True, "holds": True})


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "lacks `file`"),
        (("--file", "switch", "--speed", "5"), "`speed`"),
        (("--file", "switch", "--undo"), "has no undo"),
        (("switch",), "is not an argument"),
        (("--file", "a", "--file", "b"), "stands twice"),
    ],
)
def test_a_call_that_does_not_fit_is_refused_in_words(
    place: KeyedPlace, arguments: tuple[str, ...], words: str
) -> None:
    """Nothing was started, and the message says what to look at."""
    said = Said(place, ("call", "python-switch-look", *arguments))
    assert said.code in (1, 2)
    assert words in said.error
    assert said.out == ""


def test_a_secret_comes_from_the_environment_and_never_from_argv(place: KeyedPlace) -> None:
    """On the command line it is refused; missing, it is named with its variable; masked in what comes back."""
    inputs = an_object(("token",), token={"type": "string"})
    source = "def run(arguments, tools):\n    tools.progress(arguments['token'])\n    return {'token': arguments['token']}"
    place.install("python-token-show", source, inputs=inputs, outputs=inputs, secrets=["token"])
    typed = Said(place, ("call", "python-token-show", "--token", "sesame-open-1234"))
    assert "can't be given on the command line" in typed.error
    assert "export TOKEN" in Said(place, ("call", "python-token-show")).error
    said = Said(place, ("call", "python-token-show"), TOKEN="sesame-open-1234")
    assert json.loads(said.out) == {"token": "[secret token]"}
    assert "sesame" not in said.error


def test_an_unknown_key_is_refused_with_those_that_are_there(place: KeyedPlace) -> None:
    """A typing slip is seen at once."""
    said = Said(place, ("call", "python-switch-lock"))
    assert (said.code, "python-switch-look" in said.error) == (1, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaving_ends_the_call(place: KeyedPlace, number: signal.Signals) -> None:
    """Ctrl-C ends what was started, and says that this was no run."""
    source = "import os, time\ndef run(arguments, tools):\n    tools.progress(f'pid {os.getpid()}')\n    time.sleep(1000)"
    place.install("python-sleep-long", source)
    command = [sys.executable, "-m", "runbook_keys.cli.main", "call", "python-sleep-long"]
    process = subprocess.Popen(command, env=place.environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    pid = int(process.stderr.readline().split()[1])
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the call was ended" in error
    assert "resume" not in error
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("kind", ["node", "python"])
def test_a_new_key_works_dry_for_real_and_back(place: KeyedPlace, kind: str) -> None:
    """What `keys new` makes can be called at once: the dry run changes nothing, the undo takes all back."""
    made = Said(place, ("new", kind, KINDS[kind]))
    assert made.code == 0, made.error
    assert "To do:" in made.out
    note = place.folder / "note.txt"
    folder = f"./{KINDS[kind]}"
    dry = Said(place, ("call", folder, *_NOTED, "--dry-run"))
    assert (json.loads(dry.out)["dry_run"], note.exists()) == (True, False)
    done = Said(place, ("call", folder, *_NOTED))
    assert note.read_text() == "Closed for repair", done.error
    (place.folder / "result.json").write_text(done.out)
    undone = Said(place, ("call", folder, *_NOTED, "--undo", "--before", "result.json"))
    assert (undone.code, note.exists()) == (0, False), undone.error


def test_a_new_notebook_works_and_leaves_its_report_where_it_is_asked_to(place: KeyedPlace) -> None:
    """JSON on stdout; the executed copy and the one-page report in the folder, their paths on stderr."""
    Said(place, ("new", "jupyter", KINDS["jupyter"]))
    log = f"{KINDS['jupyter']}/examples/app.log"
    said = Said(
        place, ("call", f"./{KINDS['jupyter']}", "--log", log, "--word", "refused", "--out", "report")
    )
    example = place.folder / KINDS["jupyter"] / "examples" / "result.json"
    assert json.loads(said.out) == json.loads(example.read_text()), said.error
    for name in ("executed.ipynb", "report.html"):
        assert (place.folder / "report" / name).is_file()
        assert f"report/{name}" in said.error


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_new_passes_the_check(place: KeyedPlace, kind: str) -> None:
    """No error stands on the page of what `keys new` makes."""
    Said(place, ("new", kind, KINDS[kind]))
    said = Said(place, ("check", f"./{KINDS[kind]}"))
    assert (said.code, "0 errors" in said.out) == (0, True), said.out


def test_the_check_names_each_fault_of_a_key(place: KeyedPlace) -> None:
    """What is missing from the folder, what can't be read in it."""
    Said(place, ("new", "jupyter", KINDS["jupyter"]))
    folder = place.folder / KINDS["jupyter"]
    (folder / "README.md").unlink()
    notebook = (folder / "analysis.ipynb").read_text()
    (folder / "analysis.ipynb").write_text(notebook.replace('"parameters"', '"params"'))
    said = Said(place, ("check", f"./{KINDS['jupyter']}"))
    assert said.code == 1
    for words in ("The KEY has no README.md.", "no cell tagged `parameters`"):
        assert words in said.out


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("node", "python-note-write"),
        ("python", "python-note"),
        ("runbook", "Page"),
        ("jupyter", "../jupyter-a-b"),
    ],
)
def test_a_name_that_does_not_fit_makes_nothing(place: KeyedPlace, kind: str, name: str) -> None:
    """The name says what a KEY is; nothing is written outside the folder."""
    said = Said(place, ("new", kind, name))
    assert said.code == 1
    assert not (place.folder / name).exists()


def test_what_is_there_is_never_overwritten(place: KeyedPlace) -> None:
    """A second `keys new` of the same name is refused."""
    (place.folder / KINDS["node"]).mkdir()
    assert "is there already" in Said(place, ("new", "node", KINDS["node"])).error


def test_the_list_has_kind_version_and_class_of_each(place: KeyedPlace) -> None:
    """KEYS and runbooks, also one that can't be read."""
    place.install("python-broken-one", "", version="one")
    found = {each["slug"]: each for each in json.loads(Said(place, ("list", "--json")).out)}
    assert (found["python-switch-set"]["kind"], found["python-switch-set"]["safety"]) == (
        "python",
        "REVERSIBLE",
    )
    assert (found["switch-left-on"]["kind"], found["switch-left-on"]["version"]) == ("runbook", "1.0.0")
    assert found["python-broken-one"]["fault"]
    lines = Said(place, ("list",)).out.splitlines()
    assert ["python", "python-switch-look", "1.0.0", "SAFE"] in [line.split()[:4] for line in lines]


def test_show_tells_what_a_key_needs_changes_and_who_calls_it(place: KeyedPlace) -> None:
    """And of a runbook which KEYS it calls."""
    key = Said(place, ("show", "python-switch-set")).out
    for words in (
        "file (path, needed)",
        "a file is written",
        "Write it by hand.",
        "switch-left-on (A1)",
        "an undo",
    ):
        assert words in key
    assert "python-switch-set (A1)" in Said(place, ("show", "switch-left-on")).out
    page = json.loads(Said(place, ("show", "python-switch-set", "--json")).out)
    assert page["metadata"]["slug"] == "python-switch-set"


@pytest.mark.parametrize("kind", ["pack", "key"])
def test_the_published_schemas_are_printed(place: KeyedPlace, kind: str) -> None:
    """For editors and other programs."""
    assert json.loads(Said(place, ("schema", kind)).out)["title"].startswith(f"{kind}.json")


def test_keys_run_starts_without_anything_that_keys_need(place: KeyedPlace) -> None:
    """What calls KEYS is loaded when the first one is called."""
    code = (
        "import sys, asyncio\n"
        "import runbook_keys.cli.main, runbook_keys.bootstrap, runbook_keys.operations.runs.run\n"
        "async def opened():\n"
        "    async with runbook_keys.bootstrap.services() as services:\n"
        "        services.executors(None)\n"
        "asyncio.run(opened())\n"
        "print([name for name in sys.modules if name.startswith(('jsonschema', 'zmq', 'jupyter', 'ipykernel', "
        "'runbook_keys.executors.key', 'runbook_keys.book.key_'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=place.environment, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr

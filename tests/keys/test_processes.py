"""Node and Python KEYS in real processes: what comes back, and every way in which it can go wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from key_caller import Caller
from throwaway import a_key, an_object

from runbook_keys.errors import ExecutorUnavailable
from runbook_keys.executors.key.node import NodeTool, _packaged
from runbook_keys.executors.landlock import landlock
from runbook_keys.model.key import KeyMode
from runbook_keys.model.outcome import OutcomeKind
from runbook_keys.model.pack import Pack

needs_landlock = pytest.mark.skipif(landlock().abi == 0, reason="this kernel has no Landlock")

NODE_UNDO = """
export default async function run(args, tools) { return { count: tools.mode === "dry-run" ? 0 : 1 }; }
export async function undo(args, tools) { return { undone: tools.resultBefore.count }; }
"""


def node(body: str, head: str = "", **fields: object) -> Pack:
    """A Node KEY whose function has this body."""
    return a_key("node", f"{head}\nexport default async function run(args, tools) {{ {body} }}", **fields)


def python(*lines: str, **fields: object) -> Pack:
    """A Python KEY whose function has these lines."""
    body = "\n    ".join(lines)
    return a_key("python", f"import os, sys, time\ndef run(arguments, tools):\n    {body}\n", **fields)


def test_a_node_key_gets_its_arguments_and_its_result_comes_back(call: Caller) -> None:
    """Text with quotes, line breaks and NUL travels whole: nothing is spliced into a command."""
    word = "a'\"$(touch X)\n\0é"
    outcome = call(
        node("return { count: args.word.length };", inputs=an_object(word={"type": "string"})), {"word": word}
    )
    assert outcome.kind is OutcomeKind.SUCCEEDED, outcome.why
    assert outcome.observation.result == {"count": len(word)}
    assert outcome.observation.exit_code == 0
    assert outcome.call is not None
    assert outcome.call.program.startswith("Node ")


def test_a_python_key_gets_its_arguments_and_its_result_comes_back(call: Caller) -> None:
    """A module beside the entry is found; print is progress."""
    key = python(
        "from beside import twice",
        "print('working')",
        "return {'count': twice(arguments['n'])}",
        inputs=an_object(n={"type": "integer"}),
    )
    key.files["beside.py"] = b"def twice(n):\n    return 2 * n\n"
    outcome = call(key, {"n": 21})
    assert outcome.observation.result == {"count": 42}, outcome.why
    assert call.shown == "working\n"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (
            node('throw new Error("The endpoint said no.");'),
            "The KEY says that it failed: The endpoint said no.",
        ),
        (node("return {}.a.b;"), "TypeError"),
        (python("raise ValueError('The file is empty.')"), "The KEY says that it failed: The file is empty."),
        (a_key("node", "this is no module"), "can't be loaded"),
        (a_key("node", "export const run = 1;"), "exports no default function"),
        (a_key("python", "x ="), "can't be loaded"),
        (a_key("python", "x = 1"), "no function run"),
    ],
)
def test_a_key_that_says_that_it_failed_has_failed(call: Caller, key: Pack, words: str) -> None:
    """Its own words are told, and no exit code is there for a condition to take as an answer."""
    outcome = call(key)
    assert outcome.kind is OutcomeKind.FAILED
    assert words in outcome.why
    assert outcome.observation.result is None
    assert outcome.observation.exit_code is None


@pytest.mark.parametrize(
    ("tool", "source"),
    [
        ("node", "export default async () => { process.exit(3); }"),
        ("node", "export default async () => { await new Promise(() => {}); }"),
        (
            "node",
            "export default async () => { setTimeout(() => { throw new Error('late'); }, 1); await new Promise(r => setTimeout(r, 5000)); }",
        ),
        ("node", "export default async () => ({ count: 'many' })"),
        ("node", "export default async () => [1]"),
        ("node", "export default async () => {}"),
        ("node", "export default async () => ({ count: 10n })"),
        ("node", "export default async () => ({ count: 1, more: 'x'.repeat(5e6) })"),
        ("python", "import os\ndef run(a, t):\n    os.kill(os.getpid(), 9)"),
        ("python", "def run(a, t):\n    return {'count': float('nan')}"),
        ("python", "def run(a, t):\n    return None"),
    ],
)
def test_without_a_result_a_change_is_unknown_and_a_look_has_failed(
    call: Caller, tool: str, source: str
) -> None:
    """Unknown is not failed: nobody knows what a lost or rubbish answer of a change means."""
    changing = call(a_key(tool, source, safety="IRREVERSIBLE"))
    looking = call(a_key(tool, source))
    assert (changing.kind, looking.kind) == (OutcomeKind.UNKNOWN, OutcomeKind.FAILED)
    assert changing.why
    assert changing.observation.result is None
    assert changing.observation.exit_code is None


@pytest.mark.parametrize("tool", ["node", "python"])
def test_a_key_that_hangs_is_ended_with_all_that_it_started(call: Caller, tmp_path: Path, tool: str) -> None:
    """Its time is up, and no child of it lives on."""
    mark = f"keys-test-{os.getpid()}-{tool}"
    sources = {
        "node": f'import {{ spawn }} from "node:child_process";\nexport default async function run() {{ '
        f'spawn("sleep", ["987654"], {{ argv0: "{mark}" }}); await new Promise((r) => setTimeout(r, 1e6)); }}',
        "python": "import subprocess, time\ndef run(a, t):\n"
        f"    subprocess.Popen(['{mark}', '987654'], executable='/bin/sleep')\n    time.sleep(1000)",
    }
    outcome = call(a_key(tool, sources[tool], commands=["sleep"], safety="IRREVERSIBLE"), timeout_seconds=1.0)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert "longer than 1 seconds" in outcome.why
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "key",
    [
        node(
            "writeSync(1, '{\"count\": 9}\\n'); return { count: 1 };", 'import { writeSync } from "node:fs";'
        ),
        python("os.write(1, b'{\"count\": 9}\\n')", "return {'count': 1}"),
        python("os.system('echo rubbish')", "return {'count': 1}"),
    ],
)
def test_rubbish_on_stdout_is_not_taken_for_the_result_and_is_named(call: Caller, key: Pack) -> None:
    """Only what the function returns counts."""
    outcome = call(key)
    assert outcome.observation.result == {"count": 1}
    assert "wrote to stdout itself" in outcome.why


def test_a_flood_is_capped_and_the_result_still_comes(call: Caller) -> None:
    """Neither memory nor the screen takes 200 MB."""
    outcome = call(python("for _ in range(200):", "    print('x' * (1 << 20))", "return {'count': 1}"))
    assert outcome.observation.result == {"count": 1}
    assert outcome.observation.is_truncated
    assert len(call.shown) < 2 << 20


def test_secrets_are_masked_wherever_they_come_out(call: Caller) -> None:
    """In progress, in the result, in the arguments on record, in the words of a failure."""
    secret = "sesame-open-1234"
    fields = {
        "inputs": an_object(token={"type": "string"}),
        "outputs": an_object(token={"type": "string"}),
        "secrets": ["token"],
    }
    shown = call(
        python("print(arguments['token'])", "return {'token': arguments['token']}", **fields),
        {"token": secret},
    )
    failed = call(node("throw new Error(`refused: ${args.token}`);", **fields), {"token": secret})
    assert shown.observation.result == {"token": "[secret token]"}
    assert shown.call is not None
    for text in (call.shown, str(shown), str(failed)):
        assert secret not in text
    assert "refused: [secret token]" in failed.why


def test_arguments_never_stand_in_argv(call: Caller) -> None:
    """Every process of the machine can read argv."""
    key = python(
        "seen = open('/proc/self/cmdline').read()",
        "return {'count': seen.count(arguments['word'])}",
        inputs=an_object(word={"type": "string"}),
    )
    assert call(key, {"word": "needle-in-argv"}).observation.result == {"count": 0}


@needs_landlock
@pytest.mark.parametrize(
    "key",
    [
        python(
            "open(tools.scratch / 'mine', 'w').write('x')",
            "open(arguments['file'], 'w')",
            "return {'count': 1}",
            inputs=an_object(file={"type": "string", "format": "path"}),
        ),
        node(
            'writeFileSync(`${tools.scratch}/mine`, "x"); writeFileSync(args.file, "x"); return { count: 1 };',
            'import { writeFileSync } from "node:fs";',
            inputs=an_object(file={"type": "string", "format": "path"}),
        ),
    ],
)
def test_a_safe_key_can_write_to_its_scratch_folder_only(call: Caller, tmp_path: Path, key: Pack) -> None:
    """SAFE is enforced by the kernel of this machine, not promised."""
    outcome = call(key, {"file": "elsewhere"})
    assert outcome.kind is OutcomeKind.FAILED
    assert not (tmp_path / "elsewhere").exists()
    assert outcome.enforcement.startswith("Landlock")


@needs_landlock
def test_a_dry_run_of_a_changing_key_is_kept_from_changing_anything(call: Caller, tmp_path: Path) -> None:
    """A KEY whose dry run does its work all the same is caught by the kernel."""
    key = python(
        "open(arguments['file'], 'w')",
        "return {'count': 1}",
        safety="IRREVERSIBLE",
        dry_run=True,
        inputs=an_object(file={"type": "string", "format": "path"}),
    )
    assert call(key, {"file": "changed"}, mode=KeyMode.DRY_RUN).kind is OutcomeKind.FAILED
    assert not (tmp_path / "changed").exists()
    assert call(key, {"file": "changed"}).kind is OutcomeKind.SUCCEEDED
    assert (tmp_path / "changed").exists()


def test_undo_gets_what_the_work_returned(call: Caller) -> None:
    """And its own result need not look like the work's."""
    key = a_key("node", NODE_UNDO, safety="REVERSIBLE", has_undo=True, dry_run=True)
    assert call(key).observation.result == {"count": 1}
    assert call(key, mode=KeyMode.DRY_RUN).observation.result == {"count": 0}
    undone = call(key, mode=KeyMode.UNDO, result_before={"count": 7})
    assert undone.observation.result == {"undone": 7}


def test_a_call_that_does_not_fit_starts_nothing(call: Caller) -> None:
    """An unknown argument, a mode that it has not, a change in a step that may only look."""
    key = node("throw new Error('started');", safety="IRREVERSIBLE")
    for outcome in (
        call(key, {"n": 1}),
        call(key, mode=KeyMode.UNDO),
        call(key, mode=KeyMode.DRY_RUN),
        call(key, is_looking=True),
    ):
        assert outcome.kind is OutcomeKind.FAILED
        assert "Nothing was started." in outcome.why


def test_a_program_that_key_json_does_not_name_is_refused_to_node(call: Caller) -> None:
    """The permission flags of Node follow `commands`."""
    body, head = (
        'return { count: execSync("echo 12").length };',
        'import { execSync } from "node:child_process";',
    )
    assert "restricted" in call(node(body, head)).why
    assert call(node(body, head, commands=["sh"])).observation.result == {"count": 3}


@pytest.mark.skipif(_packaged() is None, reason="the Node wheel is not installed")
def test_typescript_runs_on_a_node_that_reads_it(call: Caller) -> None:
    """The machine's Node may be too old for it; then the wheel's is taken."""
    source = (
        "export default async function run(args: object): Promise<{ count: number }> { return { count: 5 }; }"
    )
    assert call(a_key("node", source, entry="main.ts")).observation.result == {"count": 5}


def test_a_missing_node_is_named_with_the_way_to_get_it(
    call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the machine nor the wheel has one: nothing was started, and the message says what to install."""
    tool = NodeTool(str(tmp_path), _Forgetful())
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    _packaged.cache_clear()
    try:
        with pytest.raises(
            ExecutorUnavailable,
            match=r"needs Node 20 or newer.*none.*Nothing was started.*runbook-keys\[node\]",
        ):
            tool._chosen(_metadata())
    finally:
        _packaged.cache_clear()


def _metadata() -> object:
    from runbook_keys.book.key_metadata import read_key_metadata

    return read_key_metadata(a_key("node", "").files["key.json"])[0]


class _Forgetful:
    def get(self, key: str) -> bytes | None:
        return None

    def put(self, key: str, content: bytes) -> None:
        pass

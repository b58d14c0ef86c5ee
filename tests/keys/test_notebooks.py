"""Jupyter KEYS on real kernels: parameters, results, evidence, and every way in which a notebook can go wrong."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import tempfile
from pathlib import Path
from typing import Any

import pytest
from key_caller import Caller
from throwaway import a_key, a_notebook, an_object

from runbook_keys import notebook as declaring
from runbook_keys.executors.key.kernel import Kernel, KernelLost
from runbook_keys.executors.key.kernel_shelf import KernelShelf
from runbook_keys.executors.landlock import landlock
from runbook_keys.model.outcome import Outcome, OutcomeKind
from runbook_keys.model.pack import Pack

needs_landlock = pytest.mark.skipif(landlock().abi == 0, reason="this kernel has no Landlock")
DECLARE = "from runbook_keys.notebook import declare\n"
ONE = DECLARE + "declare({'count': 1})"


def notebook(*cells: str, parameters: str = "", **fields: Any) -> Pack:
    """A Jupyter KEY of these cells."""
    return a_key("jupyter", a_notebook(*cells, parameters=parameters), **fields)


def file_of(outcome: Outcome, name: str) -> str:
    """The text of a file that the call left as evidence."""
    assert outcome.call is not None
    return next(file.content.decode() for file in outcome.call.files if file.name == name)


def test_parameters_go_into_a_cell_of_the_copy_and_never_into_the_source(warm: Caller) -> None:
    """The defaults stay where they are; the injected cell stands after them and wins."""
    key = notebook(
        DECLARE + "declare({'count': n + len(word)})",
        parameters="n = 1\nword = 'x'",
        inputs=an_object(n={"type": "integer"}, word={"type": "string"}),
    )
    before = dict(key.files)
    outcome = warm(key, {"n": 40, "word": "a'\n"})
    assert outcome.observation.result == {"count": 43}, outcome.why
    assert key.files == before
    cells = json.loads(file_of(outcome, "executed.ipynb"))["cells"]
    assert "n = 40" in cells[1]["source"]
    assert cells[1]["metadata"]["tags"] == ["injected-parameters"]
    assert outcome.call is not None
    assert outcome.call.program.startswith("ipykernel ")


def test_a_warm_kernel_shows_nothing_of_the_notebook_before(warm: Caller) -> None:
    """Names, environment, folder and modules are as in a new kernel; only the process is the same."""
    first = notebook(
        "import os, beside\nleft = 1\nos.environ['LEFT'] = '1'", DECLARE + "declare({'count': os.getpid()})"
    )
    first.files["beside.py"] = b"value = 1"
    second = notebook(
        "import os, sys",
        "clean = 'left' not in globals() and 'LEFT' not in os.environ and 'beside' not in sys.modules",
        DECLARE + "declare({'count': os.getpid() if clean else 0})",
    )
    assert warm(first).observation.result == warm(second).observation.result


def test_a_warm_kernel_keeps_nothing_of_what_it_showed(warm: Caller) -> None:
    """Pictures are large: a kernel that keeps them grows with every notebook."""
    shows = notebook("class Shown:\n    pass", "Shown()", "Shown()", ONE)
    counts = notebook(
        "import gc\nleft = sum(type(each).__name__ == 'Shown' for each in gc.get_objects())",
        DECLARE + "declare({'count': left + 10*len(_) + 100*len(__) + 1000*len(___) + 10000*len(Out)})",
    )
    assert warm(shows).kind is OutcomeKind.SUCCEEDED
    assert warm(counts).observation.result == {"count": 0}


def test_a_warm_kernel_grows_with_no_notebook(warm: Caller) -> None:
    """Pictures refer to themselves, so only the collector finds them; and it passes over what came with the first notebook."""
    picture = (
        "import sys\nsys.alive = getattr(sys, 'alive', 0)\n"
        "class Picture:\n    def __init__(self):\n        self.itself = self\n        sys.alive += 1\n"
        "    def __del__(self):\n        import sys\n        sys.alive -= 1"
    )
    shows = notebook(picture, "Picture()", "Picture()", ONE)
    for _ in range(8):
        assert warm(shows).kind is OutcomeKind.SUCCEEDED
    result = warm(notebook("import sys", DECLARE + "declare({'count': sys.alive})")).observation.result
    assert result is not None
    assert result["count"] <= 4, "those of the first notebook, which are passed over, and of the last"


def test_a_kernel_from_the_shelf_has_the_environment_of_its_new_run_alone(tmp_path: Path) -> None:
    """The process is the same, nothing of the first run's operator is left in it, and the shelf ends it."""
    shelf = KernelShelf()
    cell = (
        DECLARE
        + "import os\ndeclare({'count': os.getpid(), 'seen': sorted({'FIRST', 'SECOND'} & set(os.environ))})"
    )
    outputs = an_object(count={"type": "integer"}, seen={"type": "array"})
    key = notebook(cell, environment=["FIRST", "SECOND"], outputs=outputs)
    pids, seen = set(), []
    loop = asyncio.new_event_loop()
    for name in ("FIRST", "SECOND"):
        caller = Caller(tmp_path, {**os.environ, name: "1"}, shelf, loop)
        result = caller(key).observation.result
        assert result is not None
        pids.add(result["count"])
        seen.append(result["seen"])
        loop.run_until_complete(caller.calls.close())
    assert len(pids) == 1
    assert seen == [["FIRST"], ["SECOND"]]
    loop.run_until_complete(shelf.close())
    loop.close()
    assert not Path(f"/proc/{pids.pop()}").exists()


def test_a_kernel_that_died_on_the_shelf_is_not_given_out(tmp_path: Path) -> None:
    """The next run starts a new one, and its folder is gone."""

    async def taken() -> tuple[Kernel | None, Path]:
        shelf = KernelShelf()
        kernel = await Kernel.started(dict(os.environ), tmp_path, is_confined=False)
        shelf.put_back(kernel)
        os.kill(int(await kernel.evaluate("str(__import__('os').getpid())")), signal.SIGKILL)
        with pytest.raises(KernelLost):
            await kernel.evaluate("''")
        return await shelf.take(), kernel.home

    found, home = asyncio.run(taken())
    assert found is None
    assert not home.exists()


def test_a_notebook_that_raises_has_failed_and_leaves_its_copy(warm: Caller) -> None:
    """The cell and the error are named; the cells after it were not run."""
    outcome = warm(notebook("raise ValueError('bad export')", "print('never')\n" + ONE))
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.why == "The notebook failed in cell 2: ValueError: bad export"
    assert outcome.observation.exit_code is None
    assert "bad export" in file_of(outcome, "executed.ipynb")
    assert "bad export" in file_of(outcome, "report.html")
    assert "never" not in warm.shown


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("declare = None", "without a result"),
        (DECLARE + "declare({'count': 'many'})", 'is not of type "integer"'),
        (DECLARE + "declare({'count': 1})\ndeclare({'count': 2})", "declares it once"),
        (DECLARE + "declare({'count': float('nan')})", "ValueError"),
        (DECLARE + "declare({'count': object()})", "object is no JSON value"),
        (DECLARE + "declare([1])", "takes one dict"),
    ],
)
def test_what_is_no_result_is_told_in_words(warm: Caller, cell: str, words: str) -> None:
    """Nothing is there for a condition to match."""
    outcome = warm(notebook(cell))
    assert outcome.kind is OutcomeKind.FAILED
    assert words in outcome.why
    assert outcome.observation.result is None


def test_a_kernel_that_dies_in_a_look_has_failed_and_the_next_call_gets_a_new_one(warm: Caller) -> None:
    """A lost kernel costs one call."""
    outcome = warm(notebook("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ONE))
    assert outcome.kind is OutcomeKind.FAILED
    assert outcome.why == "The notebook's kernel was ended by the signal 9."
    assert warm(notebook(ONE)).observation.result == {"count": 1}


def test_a_kernel_that_dies_in_a_change_is_unknown(call: Caller) -> None:
    """Nobody knows how far the notebook came."""
    outcome = call(notebook("import os\nos._exit(7)", ONE, safety="IRREVERSIBLE"))
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "exit code 7" in outcome.why
    assert "Nobody knows" in outcome.why


def test_a_notebook_that_hangs_is_stopped_and_may_close_what_it_has_open(
    call: Caller, tmp_path: Path
) -> None:
    """Its `finally` runs; then the kernel is ended with everything that it started."""
    cell = "import time\ntry:\n    time.sleep(1000)\nfinally:\n    open(file, 'w').write('closed')"
    key = notebook(
        cell,
        ONE,
        parameters="file = ''",
        inputs=an_object(file={"type": "string", "format": "path"}),
        safety="REVERSIBLE",
    )
    outcome = call(key, {"file": "closed"}, timeout_seconds=1.0)
    assert outcome.kind is OutcomeKind.TIMED_OUT
    assert "longer than 1 seconds" in outcome.why
    assert (tmp_path / "closed").read_text() == "closed"


@pytest.mark.parametrize(
    "cell",
    [
        "for _ in range(1024):\n    print('x' * (1 << 20))",
        "import os\nos.system('head -c 300000000 /dev/zero')",
        "['x' * (1 << 20)] * 40",
    ],
)
def test_a_gigabyte_of_output_is_capped_and_the_result_still_comes(warm: Caller, cell: str) -> None:
    """Printed, written by a program, or shown as a value: neither memory nor the record takes it."""
    outcome = warm(notebook(cell, ONE))
    assert outcome.observation.result == {"count": 1}, outcome.why
    assert "[KEYS" in file_of(outcome, "executed.ipynb")
    assert len(file_of(outcome, "executed.ipynb")) < 9 << 20


@needs_landlock
def test_a_safe_notebook_can_write_to_its_scratch_folder_only(warm: Caller) -> None:
    """`tempfile` works, the rest of the machine is read-only."""
    scratch = "import tempfile\nwith tempfile.NamedTemporaryFile('w') as made:\n    made.write('x')"
    refused = warm(
        notebook(
            scratch,
            "open(file, 'w')",
            ONE,
            parameters="file = ''",
            inputs=an_object(file={"type": "string", "format": "path"}),
        ),
        {"file": "elsewhere"},
    )
    assert "cell 3: PermissionError" in refused.why
    assert not (warm.folder / "elsewhere").exists()
    assert refused.enforcement.startswith("Landlock")


def test_secrets_stand_in_no_output_and_in_no_kept_file(warm: Caller) -> None:
    """Not in the injected cell, not in what is printed, shown, raised or declared."""
    secret = "sesame-open-1234"
    key = notebook(
        "print(token)\ntoken",
        "from IPython.display import HTML, display\ndisplay(HTML(f'<b>{token}</b>'))",
        DECLARE + "declare({'token': token})\nraise RuntimeError(token)",
        parameters="token = ''",
        inputs=an_object(token={"type": "string"}),
        outputs=an_object(token={"type": "string"}),
        secrets=["token"],
    )
    outcome = warm(key, {"token": secret})
    assert "[secret token]" in outcome.why
    assert secret not in str(outcome) + warm.shown
    assert outcome.call is not None
    assert [file.name for file in outcome.call.files if secret.encode() in file.content] == []


def test_nobody_else_on_the_machine_can_reach_the_kernel(warm: Caller) -> None:
    """Its sockets lie in a folder that only this account can enter, and no port is open."""
    warm(notebook(ONE))
    folders = list(Path(tempfile.gettempdir()).glob(f"keys-kernel-{os.getpid()}-*"))
    assert folders
    for folder in folders:
        assert stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
        connection = json.loads((folder / "connection.json").read_text())
        assert (connection["transport"], connection["signature_scheme"]) == ("ipc", "hmac-sha256")
        assert len(connection["key"]) == 64


def test_closing_leaves_no_kernel_and_no_folder(call: Caller, tmp_path: Path) -> None:
    """Nothing of a run stays behind on the machine."""
    outcome = call(notebook("import os", DECLARE + "declare({'count': os.getpid()})"))
    assert outcome.observation.result is not None
    pid = outcome.observation.result["count"]
    place = Path(f"/proc/{pid}/environ").read_bytes().split(b"TMPDIR=")[1].split(b"\0")[0].decode()
    call.loop.run_until_complete(call.calls.close())
    assert not Path(f"/proc/{pid}").exists()
    assert not Path(place).exists()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_report_is_one_page_without_script_or_outside_links(warm: Caller) -> None:
    """Hostile text in outputs, Markdown and HTML stays text; a picture stands in the page itself."""
    cells = json.loads(
        a_notebook(
            "print('<script>alert(1)</script>')",
            "from IPython.display import HTML, SVG, display\n"
            "display(HTML('<table onclick=x><tr><td colspan=2>7</td></tr></table><script>bad()</script>"
            "<img src=https://example.com/a.png><a href=https://example.com>away</a>'))\n"
            "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>bad()</script></svg>'))",
            ONE,
        )
    )
    words = "# Title\n<script>bad()</script> [away](https://example.com) ![pixel](https://example.com/b.png)"
    cells["cells"].append({"cell_type": "markdown", "metadata": {}, "source": words})
    page = file_of(warm(a_key("jupyter", json.dumps(cells))), "report.html")
    tags = re.findall("<[^>]*>", page)
    assert not [tag for tag in tags if re.search("script|href|onclick|https?:", tag)]
    assert '<td colspan="2">7</td>' in page
    assert "data:image/svg+xml;base64," in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "not in format 4"),
        ("no json", "can't be run"),
        (json.dumps({"nbformat": 4, "cells": [], "metadata": {}}), "no cell tagged"),
        (a_notebook(ONE), "gives `n` no default"),
    ],
)
def test_a_notebook_that_can_not_take_its_parameters_is_not_started(
    warm: Caller, text: str, words: str
) -> None:
    """A missing tag would have the defaults analysed in place of what was asked."""
    outcome = warm(a_key("jupyter", text, inputs=an_object(n={"type": "integer"})), {"n": 1})
    assert outcome.kind is OutcomeKind.FAILED
    assert words in outcome.why
    assert "Nothing was started." in outcome.why


def test_declare_works_where_no_keys_calls(capsys: pytest.CaptureFixture[str]) -> None:
    """A person runs the notebook's cells again and again; the result is shown each time."""
    declaring.declare({"count": 1})
    declaring.declare({"count": 2})
    assert json.loads(capsys.readouterr().out.split("}\n")[1] + "}") == {"count": 2}

"""Every KEY that ships: whole in its folder, true to its key.json, and callable as its README says."""

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"
KEYS = sorted(
    path.parent for tool in ("jupyter", "node", "python") for path in (LIBRARY / tool).glob("*/key.json")
)
WEBHOOK_KEYS = [
    folder for folder in KEYS if "webhook" in folder.name or folder.name == "jupyter-log-error-patterns"
]
NOTEBOOKS = [folder for folder in WEBHOOK_KEYS if folder.name.startswith("jupyter-")]
SHARED = ("instants.py", "json_exports.py", "line_masks.py", "log_lines.py", "picture_style.py")


def metadata(folder: Path) -> dict[str, Any]:
    """key.json as it stands."""
    found: dict[str, Any] = json.loads((folder / "key.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("folder", WEBHOOK_KEYS, ids=lambda folder: folder.name)
def test_a_key_is_whole_in_its_folder(folder: Path) -> None:
    """Page, changes, licence, entry, examples; the changelog begins with the version."""
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", "CHANGELOG.md", "LICENSE.txt", "examples", metadata(folder)["entry"]} <= names
    version = metadata(folder)["version"]
    assert re.search(rf"^## {re.escape(version)} ", (folder / "CHANGELOG.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("folder", WEBHOOK_KEYS, ids=lambda folder: folder.name)
def test_a_page_names_every_input_and_how_to_call_it(folder: Path) -> None:
    """What is not on the page will not be found at 3 AM."""
    page = (folder / "README.md").read_text("utf-8")
    missing = [name for name in metadata(folder)["inputs"]["properties"] if f"`{name}`" not in page]
    assert not missing
    assert f"keys call {folder.name}" in page


def test_shared_files_are_the_same_in_every_key() -> None:
    """A KEY carries all it needs, so that its digest says what it does; copies that drift apart would be two ways."""
    contents = defaultdict(set)
    for name in SHARED:
        for folder in WEBHOOK_KEYS:
            if (folder / name).exists():
                contents[name].add((folder / name).read_bytes())
    assert {name: len(found) for name, found in contents.items()} == dict.fromkeys(SHARED, 1)


@pytest.mark.parametrize("folder", NOTEBOOKS, ids=lambda folder: folder.name)
def test_a_notebook_is_kept_without_outputs(folder: Path) -> None:
    """What somebody saw once is no part of the KEY; prose is short; one cell is tagged `parameters`."""
    cells = json.loads((folder / "analysis.ipynb").read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert sum("parameters" in cell["metadata"].get("tags", ()) for cell in code) == 1
    prose = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    assert len(prose.split()) < 120


@pytest.mark.parametrize("folder", NOTEBOOKS, ids=lambda folder: folder.name)
def test_a_notebook_answers_its_example(folder: Path, call_key: Callable[..., Any], tmp_path: Path) -> None:
    """Called for real: the result that the example promises, a page with pictures and no script, the executed copy."""
    asked = json.loads((folder / "examples" / "call.json").read_text())
    paths = {
        name
        for name, each in metadata(folder)["inputs"]["properties"].items()
        if each.get("format") == "path"
    }
    arguments = {name: folder / value if name in paths else value for name, value in asked.items()}
    result = call_key(folder.name, "--out", str(tmp_path / "out"), **arguments).result
    assert result == json.loads((folder / "examples" / "result.json").read_text())
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:image/png") >= 2
    assert "<script" not in page
    assert result["answer"] in page
    assert (tmp_path / "out" / "executed.ipynb").exists()


def test_hostile_text_of_a_log_is_text_in_the_report(call_key: Callable[..., Any], tmp_path: Path) -> None:
    """Tags, escapes, Markdown, formulas in a log: the page has none of them as anything but text."""
    hostile = (
        "<script>alert(1)</script><img src=x onerror=alert(1)> \x1b]0;owned\x07 [x](http://evil.example) =1+1"
    )
    (tmp_path / "log").write_text(
        f"2026-01-31T03:00:00Z ERROR {hostile} failed\n2026-01-31T03:00:01Z INFO started {hostile}\n"
        f"2026-01-31T03:00:02Z ERROR evt_1 invoice.paid handler crashed 500\n" * 30
    )
    for slug, name in (("jupyter-log-error-patterns", "log"), ("jupyter-webhook-event-analysis", "events")):
        assert call_key(slug, "--out", str(tmp_path / slug), **{name: tmp_path / "log"}).exit_code == 0
        page = (tmp_path / slug / "report.html").read_text()
        assert "<script" not in page
        assert "<img src=x" not in page
        assert "\x1b" not in page


@pytest.mark.parametrize("slug", ["node-stripe-webhook-replay", "node-webhook-secret-update"])
def test_node_modules_need_nothing_but_node(slug: str) -> None:
    """Only modules of Node and files of the KEY's own folder are imported, and each file parses."""
    for path in (LIBRARY / "node" / slug).glob("*.mjs"):
        sources = re.findall(r"from '([^']+)'", path.read_text())
        assert all(source.startswith(("node:", "./")) for source in sources)
        assert subprocess.run(["node", "--check", path], capture_output=True).returncode == 0


@pytest.mark.parametrize("folder", NOTEBOOKS, ids=lambda folder: folder.name)
def test_what_is_left_out_is_never_taken_from_the_example(folder: Path) -> None:
    """The cell tagged `parameters` gives optional inputs the default that key.json promises; an example would be a lie."""
    cells = json.loads((folder / "analysis.ipynb").read_text("utf-8"))["cells"]
    cell = next(cell for cell in cells if "parameters" in cell["metadata"].get("tags", ()))
    defaults: dict[str, Any] = {}
    exec("".join(cell["source"]), defaults)
    inputs = metadata(folder)["inputs"]
    optional = {name: each for name, each in inputs["properties"].items() if name not in inputs["required"]}
    assert {name: defaults[name] for name in optional} == {
        name: each.get("default", "") for name, each in optional.items()
    }

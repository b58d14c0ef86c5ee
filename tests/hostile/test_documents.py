"""Files that were made to hurt whoever reads them: refused in words, soon, and nothing is started."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from small_pack import METADATA, Place, an_input

MIB = 1 << 20
SOON_SECONDS = 20
"""A deadline against hanging on a machine that does other things as well, not a measurement."""


def _soon(place: Place, *arguments: str) -> tuple[int, str]:
    process = place.keys(*arguments)
    try:
        output, _ = process.communicate(timeout=SOON_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return process.returncode, output


README_BOMBS = {
    "100 MB": "a" * (100 * MIB),
    "quotes in quotes": ">" * (MIB - 1),
    "lists in lists": "\n".join("  " * depth + "- a" for depth in range(900)),
    "brackets": "[" * (MIB - 1),
    "links": "[a](" * (MIB // 4 - 1),
    "emphasis": "*a_" * (MIB // 3 - 1),
    "backticks": "".join("`" * n + " " for n in range(1, 1400)),
    "headings": "### S1. a\n" * (MIB // 10 - 1),
    "fences": "```bash\n" * (MIB // 8 - 1),
    "ways out": "- a → D1\n" * (MIB // 12),
    "angle brackets": "<a " * (MIB // 3 - 1),
    "arrows": "- " + "→ " * (MIB // 4 - 10),
    "references": "".join(f"[a{n}]: <b\n" for n in range(60_000)),
    "NUL": "\0" * (MIB - 1),
}


@pytest.mark.parametrize("name", README_BOMBS)
def test_a_readme_made_to_explode_is_refused_soon(place: Place, name: str) -> None:
    """A finding or a refusal with the file's name; never a hang, a crash or a run."""
    place.write()
    (place.folder / "example" / "README.md").write_text(README_BOMBS[name], "utf-8")
    for arguments in (("check", "./example"), ("run", "./example")):
        code, output = _soon(place, *arguments)
        assert code == 1, output[:2000]
        assert "README.md" in output or "example" in output
        assert "Traceback" not in output
        assert len(output) < 4 * MIB


METADATA_BOMBS = {
    "100 MB": b'{"slug": "' + b"a" * (100 * MIB) + b'"}',
    "nesting": b"[" * 500_000 + b"]" * 500_000,
    "nested objects": b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
    "a twice": json.dumps(METADATA).replace('"slug"', '"slug": "other", "slug"', 1).encode(),
    "a huge number": json.dumps({**METADATA, "version": 0}).replace(": 0", ": " + "9" * 100_000, 1).encode(),
    "not a number": json.dumps(METADATA)[:-1].encode() + b', "severity": NaN}',
    "half a character": json.dumps({**METADATA, "title": "\ud800"}).encode(),
    "UTF-16": json.dumps(METADATA).encode("utf-16"),
    "a list": b"[]",
    "nothing": b"",
    "yaml": b"slug: !!python/object/apply:os.system ['touch canary']\n",
}


@pytest.mark.parametrize("name", METADATA_BOMBS)
def test_a_pack_json_made_to_explode_is_refused_soon(place: Place, name: str) -> None:
    """Too large, too deep, two answers to one question, not JSON: refused with a reason."""
    place.write()
    (place.folder / "example" / "pack.json").write_bytes(METADATA_BOMBS[name])
    for arguments in (("check", "./example"), ("run", "./example")):
        code, output = _soon(place, *arguments)
        assert code == 1, output[:2000]
        assert "pack.json" in output
        assert "Traceback" not in output
    assert not list(place.folder.rglob("canary"))


@pytest.mark.parametrize("name", ["README.md", "pack.json"])
@pytest.mark.parametrize("kind", ["pipe", "link to a device", "link out of the pack", "folder"])
def test_a_file_of_a_pack_that_is_no_plain_file_is_not_read(place: Place, name: str, kind: str) -> None:
    """A pipe would hang, a device would never end, a link would read what the operator may read."""
    place.write()
    path = place.folder / "example" / name
    secret = place.folder / "not-for-packs"
    secret.write_text("# a private file\n")
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "link to a device" else secret)
    for arguments in (("check", "./example"), ("run", "./example")):
        code, output = _soon(place, *arguments)
        assert code == 1, output
        assert "private" not in output
        assert "Traceback" not in output


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe not text",
        b"[inputs]\nA = 1e3\n",
        b"[inputs]\nA = no\n",
        b'[inputs]\nA = "x"\nA = "y"\n',
        b"a = " + b"[" * 100_000,
        b"#" * (2 * MIB),
    ],
)
def test_a_keys_toml_that_can_not_be_read_is_told(place: Place, content: bytes) -> None:
    """With its name, and without guessing at types."""
    place.write()
    path = place.folder / "keys.toml"
    path.write_bytes(content)
    place.environment["KEYS_CONFIG"] = str(path)
    code, output = _soon(place, *place.run())
    assert code == 1, output
    assert "keys.toml" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*a){20}$", "([a-z]+)*$", "(?:(?:a?){30}){30}a"]
)
def test_a_pattern_that_explodes_never_meets_a_value(place: Place, pattern: str) -> None:
    """It is refused when the pack is read, also for a person who accepts findings."""
    place.write(look='test "$TARGET"', inputs=[an_input("TARGET", pattern=pattern)])
    code, output = _soon(place, *place.run(inputs={"TARGET": "a" * 4000 + "!"}))
    assert code == 1, output
    assert "pattern" in output


def test_answers_without_end_do_not_fill_the_memory(place: Place) -> None:
    """A rehearsal's file is a file: a device or a folder is told."""
    place.write()
    folder = Path(place.folder / "answers")
    folder.mkdir()
    code, output = _soon(place, "run", "./example", "--answers", str(folder))
    assert code == 1
    assert "can't be read" in output

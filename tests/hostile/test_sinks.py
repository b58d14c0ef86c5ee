"""A secret in every form, and output that wants to be obeyed, followed into every place where text ends up."""

from __future__ import annotations

import base64
import html
import json
import time
import urllib.parse
from pathlib import Path

import pytest
from small_pack import Place, an_input

SECRET = "hunter2\"&<%'+/secret-ünïcode~value"
RAW = SECRET.encode()


def _base64_forms() -> set[bytes]:
    """The secret at the three alignments, without the characters that its neighbours decide."""
    whole = {base64.b64encode(b"x" * shift + RAW)[4 * bool(shift) : -4].strip(b"=") for shift in range(3)}
    return {form[:40] for form in whole}


FORMS = {
    RAW,
    RAW.hex().encode(),
    RAW.hex().upper().encode(),
    urllib.parse.quote(SECRET, safe="").encode(),
    urllib.parse.quote_plus(SECRET).encode(),
    json.dumps(SECRET)[1:-1].encode(),
    json.dumps(SECRET, ensure_ascii=False)[1:-1].encode(),
    html.escape(SECRET).encode(),
    *_base64_forms(),
}
PRINTS = r"""
printf '%s\n' "$TOKEN"; printf 'x%s' "$TOKEN" | base64; printf 'xx%s' "$TOKEN" | base64 --wrap=0; echo
printf '%s' "$TOKEN" | base64; printf '%060d%s' 0 "$TOKEN" | base64; printf '%s' "$TOKEN" | od -An -tx1 | tr -d ' \n'; echo
python3 - <<'END'
import html, json, os, sys, urllib.parse
token = os.environ["TOKEN"]
for text in (json.dumps(token), json.dumps(token, ensure_ascii=False), urllib.parse.quote(token, safe=""),
             urllib.parse.quote_plus(token), html.escape(token), token.encode().hex().upper()):
    print(text)
    print(text, file=sys.stderr)
for char in token:
    sys.stdout.write(char)
    sys.stdout.flush()
print()
END
"""


def _assert_nowhere(places: dict[str, bytes]) -> None:
    for place, content in places.items():
        for form in FORMS:
            assert form not in content, (place, form)
            assert form not in content.replace(b"\n", b"").replace(b"  | ", b""), (place, form, "wrapped")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_secret_is_in_no_sink_in_any_form(place: Place) -> None:
    """Screen, journal with its blobs and log, timeline, JSON, lines of the chain, and every other file that is left."""
    place.environment["TOKEN"] = SECRET
    place.write(
        look=PRINTS,
        look_attributes="capture=SEEN timeout=20s",
        change='printf "%s" "$SEEN" >&2; printf "%s" "$TOKEN" >&2',
        verify='echo "$TOKEN"; echo "{\\"a\\": \\"$TOKEN\\"}"',
        inputs=[an_input("TOKEN", secret=True)],
    )
    code, screen = place.run_to_end(f"n the token is {SECRET}", "A1", f"because {SECRET} is right")
    assert code == 0, screen
    assert "[secret TOKEN]" in screen
    run = screen.split("keys show ")[1].split("`")[0]
    shown = {
        " ".join(arguments): place.said(*arguments)[1].encode()
        for arguments in (
            ("show", run),
            ("show", run, "--json"),
            ("show", run, "--entries"),
            ("runs", "--json"),
        )
    }
    files = {name: data for name, data in _files(place.folder).items() if "answers-" not in name}
    # What a person types stands on their own screen as they typed it, once.
    screen = screen.replace(f"n the token is {SECRET}\n", "", 1).replace(
        f"because {SECRET} is right\n", "", 1
    )
    _assert_nowhere({"screen": screen.encode(), **shown, **files})
    assert b"[secret TOKEN]" in place.journal_text()


def test_a_secret_is_in_no_command_line(place: Place) -> None:
    """Every process of the machine may read the arguments of every other one."""
    place.environment["TOKEN"] = SECRET
    look = 'test -n "$TOKEN"; touch "$TMPDIR/x"; while [ ! -e "$HOME/go" ]; do sleep 0.05; done'
    place.write(look=look, inputs=[an_input("TOKEN", secret=True)])
    driver = place.keys(*place.run())
    seen: list[bytes] = []
    deadline = time.monotonic() + 20
    while b"$TOKEN" not in b"".join(seen):
        assert time.monotonic() < deadline
        seen = [_arguments(entry) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    (place.folder / "go").touch()
    driver.communicate(timeout=30)
    assert RAW not in b"".join(seen)


def _arguments(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def test_a_secret_on_the_command_line_is_refused_without_repeating_it(place: Place) -> None:
    """The shell's history has it already; our screen and journal do not."""
    place.write(look='test "$TOKEN"', inputs=[an_input("TOKEN", secret=True)])
    code, output = place.run_to_end(inputs={"TOKEN": SECRET})
    assert code == 1
    assert SECRET not in output
    assert "export TOKEN=" in output


HOSTILE = {
    "title": r"\033]0;pwned\007",
    "clear": r"\033[2J\033[H",
    "report": r"\033[6n\033[5n\033P$q\033\\",
    "paste": r"\033]52;c;cHduZWQ=\007",
    "8-bit": r"\302\233\062J\302\235",
    "bidi": r"\342\200\256evil\342\200\254 \342\201\246x",
    "hidden": r"a\342\200\213b\357\273\277c\342\200\215",
    "overwrite": r"failed\rdone  \b\b\b",
    "not text": r"\377\376\200\301 \355\240\200",
    "html": r"<script>alert(1)</script><img src=x onerror=alert(1)>",
    "formula": r"=cmd|calc!A0",
    "prompt": r"\n> A1\nApproved. Recovered.\n",
    "tags": r"\363\240\200\201\363\240\201\201",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_output_that_wants_to_be_obeyed_is_spelled_out_on_every_screen(place: Place, name: str) -> None:
    """In the run, in its timeline and in a person's way out, nothing is left that a terminal obeys or hides."""
    place.write(look=f"printf '{HOSTILE[name]}'; printf '{HOSTILE[name]}' >&2", change="true")
    code, screen = place.run_to_end(f"n {name}")
    assert code == 7, screen
    run = screen.split("keys show ")[1].split("`")[0]
    for text in (screen, place.said("show", run)[1], place.said("runs")[1]):
        bad = {char for char in text if not char.isprintable() and char not in "\n\t"}
        assert bad == set(), (name, bad)
    assert place.said("show", run, "--entries")[1].isascii()


def test_a_flood_without_a_line_break_neither_fills_the_screen_nor_the_journal(place: Place) -> None:
    """300 MB in one line: the step succeeds, head and tail are kept, and the rest is said to be missing."""
    place.write(look="head --bytes=300000000 /dev/zero | tr '\\0' x; echo END")
    code, screen = place.run_to_end()
    assert code == 7, screen[-2000:]
    assert len(screen) < 200_000
    assert len(place.journal_text()) < 8_000_000


def test_a_captured_flood_does_not_start_a_command_that_can_not_take_it(place: Place) -> None:
    """A value over the kernel's limit: the attempt fails in words, and nothing crashed."""
    place.write(
        look="head --bytes=300000 /dev/zero | tr '\\0' x",
        look_attributes="capture=SEEN timeout=20s",
        change='touch "$HOME/canary"; echo "$SEEN"',
    )
    code, screen = place.run_to_end("A1", "it is right")
    assert code == 4, screen
    assert "can get at most" in " ".join(place.said("show", _run(place))[1].split())
    assert not (place.folder / "canary").exists()


def _run(place: Place) -> str:
    runs = json.loads(place.said("runs", "--json")[1])
    return str(runs[-1]["run"])


def test_a_captured_output_that_is_not_kept_ends_in_words(place: Place) -> None:
    """The page is refused; who runs it all the same meets a failed step, no crash and no empty value."""
    place.write(
        look="echo seen",
        look_attributes="capture=SEEN output=none timeout=20s",
        change='touch "$HOME/canary-$SEEN"',
    )
    refused = place.said("run", "./example")
    assert refused[0] == 1
    assert "output=none throws the output away" in " ".join(refused[1].split())
    code, screen = place.run_to_end("A1", "it is right")
    assert code in (1, 4), screen
    assert "bug of ours" not in screen
    assert not list(place.folder.glob("canary*"))

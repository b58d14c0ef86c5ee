"""Values as a stranger would choose them, through the whole product: data or refused, and the canary never appears."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_pack import Place, an_input

CANARY = "canary"
SPLICED = {
    "V1": f"$(touch {CANARY})",
    "V2": f"`touch {CANARY}`",
    "V3": f'"; touch {CANARY} #',
    "V4": f"'; touch {CANARY}; '",
    "V5": f"x' || touch {CANARY} || '",
    "V6": "${OTHER}${IFS}$OTHER",
    "V7": "{{7*7}} ${{7*7}} <%= 7*7 %>",
    "V8": "%s%n%x %(OTHER)s",
    "V9": "{0.__class__.__init__.__globals__}",
    "V10": "a\\nb\\x41 \\$HOME",
    "V11": "* ? [a-z] ~ ~root",
}
PRINTED = "\n".join(f"printf '%s\\n' \"${name}\"" for name in SPLICED)


def _canaries(place: Place) -> list[Path]:
    return [path for path in place.folder.rglob("*") if path.name.startswith(CANARY)]


def test_values_are_data_in_shell_screen_and_journal(place: Place) -> None:
    """Command substitution, quotes, second expansion, templates: each arrives as it was given."""
    out = f'{{ {PRINTED.replace(chr(10), "; ")}; }} > "$HOME/out"'
    inputs = [an_input(name) for name in (*SPLICED, "OTHER")]
    place.write(look=f'{PRINTED}\ntest -n "$OTHER"', change=out, inputs=inputs)
    given = {**SPLICED, "OTHER": "other"}
    code, output = place.run_to_end("A1", "it is right", inputs=given)
    assert code == 0, output
    assert (place.folder / "out").read_text().splitlines() == list(SPLICED.values())
    dry = place.said("run", "./example", "--dry-run", *(f"-iV{n}={SPLICED[f'V{n}']}" for n in range(1, 12)))
    assert dry[0] == 0, dry[1]
    assert _canaries(place) == []


@pytest.mark.parametrize(
    "value", ["-rf", "--", "--output=canary", "@/etc/passwd", "-oProxyCommand=touch canary"]
)
@pytest.mark.parametrize("source", ["command line", "keys.toml", "environment"])
def test_a_value_that_a_command_would_take_for_an_option_is_refused(
    place: Place, value: str, source: str
) -> None:
    """Wherever it comes from, the run does not start."""
    place.write(look='touch "$HOME/canary"; ls $TARGET', inputs=[an_input("TARGET")])
    given = {}
    if source == "command line":
        given = {"TARGET": value}
    elif source == "environment":
        place.environment["TARGET"] = value
    else:
        place.environment["KEYS_CONFIG"] = str(place.folder / "keys.toml")
        (place.folder / "keys.toml").write_text(f'[inputs]\nTARGET = "{value}"\n')
    code, output = place.run_to_end(inputs=given)
    assert code == 1, output
    assert "which commands take for an option or a file" in " ".join(output.split())
    assert "No runs yet" in place.said("runs")[1]
    assert _canaries(place) == []


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\x1b[2Jx", "x" * 5000, "a\x7f"])
def test_a_value_with_a_line_break_or_without_end_is_refused(place: Place, value: str) -> None:
    """One line of at most 4,096 bytes; the refusal itself is safe to show."""
    place.write(look='test "$TARGET"', inputs=[an_input("TARGET")])
    code, output = place.run_to_end(inputs={"TARGET": value})
    assert code == 1
    assert "can't be used" in output
    assert output.isprintable() or set(output) - {"\n"} == {char for char in output if char.isprintable()}
    assert len(output) < 1000


@pytest.mark.parametrize(
    "name", ["LD_PRELOAD", "PATH", "BASH_ENV", "IFS", "PYTHONPATH", "GIT_SSH_COMMAND", "path"]
)
@pytest.mark.parametrize("declares", ["input", "capture"])
def test_a_name_that_steers_programs_is_refused_when_the_pack_is_read(
    place: Place, name: str, declares: str
) -> None:
    """Also for a person who accepts the findings: nothing is started with such a value."""
    inputs = [an_input(name)] if declares == "input" else []
    attributes = "timeout=5s" if declares == "input" else f"capture={name} timeout=5s"
    place.write(look=f'touch "$HOME/canary"; echo "${name}"', inputs=inputs, look_attributes=attributes)
    code, output = place.run_to_end(inputs={name: "/tmp/x"} if declares == "input" else None)
    assert code == 1, output
    assert name in output
    assert "Traceback" not in output
    assert _canaries(place) == []
    assert "No runs yet" in place.said("runs")[1]

"""What hostile texts cost: each batch runs in a process that the kernel ends when it takes too much."""

from __future__ import annotations

import subprocess
import sys

import pytest

LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
"""
CONDITIONS = """
from runbook_keys.book.conditions import evaluate
from runbook_keys.errors import ConditionFailed, InvalidCondition
known = {"stdout": "a" * (1 << 20), "json": [{"id": n, "s": "x" * 40} for n in range(10_000)], "X": "5" * 4_096}
for source in [
    'stdout.matches("(a+)+$")', 'stdout.matches("(a|a)*b")', 'stdout.matches("(a*)*(a*)*(a*)*b")',
    'stdout.matches("[a-z]{50}[a-z]*q")', 'stdout.matches(".*.*.*.*.*.*.*x")', 'stdout.matches("(?i)(a?){50}b")',
    "stdout + stdout + stdout + stdout == X", "(stdout + stdout).contains(stdout)", "json == json", "json in [json, json]",
    "size(json + json + json) > 5", "json.all(x, x.s.contains(X))", "json.exists(x, X + X + X + X == x.s)",
    "json.exists(x, json.exists(y, x == y))", "json.map(x, json.map(y, json)) == []", "string(json) == X",
]:
    try:
        evaluate(source, known)
    except (ConditionFailed, InvalidCondition) as refusal:
        assert str(refusal)
print("done")
"""
TEXTS = """
from runbook_keys.book.checklist import checklist
from runbook_keys.book.diagram import mermaid
from runbook_keys.book.parse import parse
from runbook_keys.book.sections import TITLES

def inside(number, body):
    return "# T\\n\\n" + "\\n\\n".join(f"## {n}. {t}\\n\\n{body if n == number else ''}" for n, t in TITLES.items())

SIZE = 250_000
D = "### D1. Q?\\n\\n"
texts = [piece * (SIZE // len(piece)) for piece in ("a", " ", "#", ">", "> ", "- ", "`", "[", "*", "_a", "<", "&", "<!--", "|a", "\\\\", "\\0")]
texts += ["# a\\n" * 100_000, "### D1. a\\n" * 4_900, "a\\n---\\n" * 2_400]
texts += [inside(5, D + each) for each in (
    "- a b: `x == 1` → D1\\n" * 4_800, "- a => D1\\n" * 4_800, "1. a → D1\\n" * 4_800, "```bash {timeot=5s}\\nls\\n```\\n" * 1_600,
    "```bash {" + "timeot=5s " * 20_000 + "}\\nls\\n```\\n", "```key a-b\\n" + "a: [\\n" * 4_800 + "```\\n", "**Rollbak**: x\\n" * 4_800,
    "- " + "-" * 200_000 + "\\n", "<!-- keys: allow x because y --> " * 7_000, ("- " + "*a_" * 330 + " → D1\\n") * 240,
)]
texts += [inside(6, "### A1. x " + each) for each in ("(SAFE) " * 30_000, " ," * 120_000, "(rev " * 50_000, "0" * SIZE)]
texts += [inside(9, "**Compliance**: SOC2 " + each) for each in ("a " * 120_000, "a" * SIZE, "x," * 120_000)]
for text in texts:
    source = text.encode()
    book = parse(source)
    assert book.source == source
    checklist(book.runbook, source)
    mermaid(book.runbook)
print("done")
"""


@pytest.mark.parametrize("batch", [CONDITIONS, TEXTS], ids=["conditions", "texts"])
def test_hostile_input_is_bounded_in_time_and_memory(batch: str) -> None:
    """Patterns that explode, quadratic texts, nested macros, a quarter of a megabyte of one sign."""
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED + batch], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")

"""The set of rules as a whole: each is a module, a page, a passing and a failing example."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from lint_examples import HERE, open_findings, pack_with

from runbook_keys.lint import pages, registry
from runbook_keys.lint.check import check
from runbook_keys.lint.material import gather
from runbook_keys.lint.profile import IMPOSSIBLE_TO_RUN
from runbook_keys.model.finding import Level

LINT = Path(registry.__file__).parent
ROOT = LINT.parents[2]
STEMS = sorted(path.stem for path in (LINT / "rules").glob("*.py") if path.stem != "__init__")
BY_EXAMPLE = sorted(registry.NAMES - {"crashed-rule"})
FORBIDDEN = frozenset(
    "asyncio os time random subprocess socket sqlite3 logging pathlib shutil tempfile threading datetime".split()
)
HOW_MANY = 78
"""Update this number when a rule comes or goes, and tell it in the changelog."""


def test_there_are_as_many_rules_as_the_changelog_says() -> None:
    """A rule that falls out of the registry by accident is noticed."""
    assert len(registry.NAMES) == HOW_MANY


def test_every_module_is_registered_under_the_name_of_its_file() -> None:
    """The name in a finding leads to the file by replacing hyphens."""
    assert {stem.replace("_", "-") for stem in STEMS} == registry.NAMES


def test_names_are_kebab_words_without_numbers() -> None:
    """A name says the fault; a number would say nothing."""
    assert [name for name in registry.NAMES if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


def test_every_rule_says_its_fault_in_one_sentence() -> None:
    """The sentence is shown in the index and in code scanning."""
    bad = [name for name in registry.NAMES if not re.fullmatch(r"[A-Z`][^\n]*\.", pages.summary_of(name))]
    assert bad == []


def test_every_page_has_the_five_headings_in_order() -> None:
    """Whoever reads two pages finds the same things in the same place."""
    wanted = [f"## {heading}" for heading in pages.HEADINGS]
    found = {
        name: re.findall(r"^## .*$", _without_fences(pages.page_of(name)), re.MULTILINE)
        for name in registry.NAMES
    }
    assert {name: headings for name, headings in found.items() if headings != wanted} == {}


def _without_fences(page: str) -> str:
    return re.sub(r"^(`{3,}).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL)


def test_every_page_is_called_like_its_rule_and_none_is_left_over() -> None:
    """A page without a rule would explain what is not checked."""
    titles = {path.stem: path.read_text("utf-8").split("\n", 1)[0] for path in (LINT / "rules").glob("*.md")}
    assert titles == {stem: f"# {stem.replace('_', '-')}" for stem in STEMS}


def test_the_index_in_the_docs_is_made_from_the_rules_as_they_are() -> None:
    """To make it again: .venv/bin/python scripts/rules-page"""
    assert (ROOT / "docs/reference/rules.md").read_text("utf-8") == pages.index_page()


def test_what_keeps_a_run_from_starting_names_rules_that_exist_and_are_errors() -> None:
    """A slip in that list would let a fault be suppressed that must not be."""
    assert {name: registry.LEVELS.get(name) for name in IMPOSSIBLE_TO_RUN} == dict.fromkeys(
        IMPOSSIBLE_TO_RUN, Level.ERROR
    )


@pytest.mark.parametrize("name", BY_EXAMPLE)
def test_the_failing_example_has_exactly_this_one_finding(name: str) -> None:
    """A rule speaks for its fault alone, and no other rule repeats it."""
    assert [finding.rule for finding in open_findings(HERE / name / "fail")] == [name]


@pytest.mark.parametrize("name", BY_EXAMPLE)
def test_the_passing_example_has_no_finding(name: str) -> None:
    """What is right stays quiet, also at the edge of the rule."""
    assert open_findings(HERE / name / "pass") == []


def test_no_example_is_left_over() -> None:
    """An example of a rule that is gone would prove nothing."""
    folders = {path.name for path in HERE.iterdir() if (path / "fail").is_dir() or (path / "pass").is_dir()}
    assert sorted(folders) == BY_EXAMPLE


def test_a_rule_that_breaks_becomes_a_finding_and_hides_no_other() -> None:
    """A crash swallowed as a log line would look like a clean pack."""

    class Broken:
        NAME = "broken"
        LEVEL = Level.ERROR

        def find(self, material: object) -> None:
            raise KeyError("D9")

    material = gather(pack_with(readme=("- Paused → A2", "- Paused → ESCALATE")))
    rules = {"broken": Broken(), "unreachable-step": registry.RULES["unreachable-step"]}
    found = check(material, rules)  # type: ignore[arg-type]

    assert [(finding.rule, finding.line > 0) for finding in found] == [
        ("crashed-rule", False),
        ("unreachable-step", True),
    ]
    assert "broken broke on this pack: KeyError" in found[0].reason


def test_lint_imports_nothing_that_could_run_or_reach_anything() -> None:
    """Only `shell.py` knows tree-sitter, and nothing of lint starts, reads or asks anything."""
    found = {
        (path.name, name)
        for path in LINT.rglob("*.py")
        for name in _imports(path)
        if name in FORBIDDEN or (name.startswith("tree_sitter") and path.name != "shell.py")
    }
    assert found == set()


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names

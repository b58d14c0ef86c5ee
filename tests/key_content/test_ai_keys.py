"""The KEYS about a model's answers: their statistics hold, and they return what their examples promise."""

import hashlib
import importlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "library"
OUTPUT = LIBRARY / "jupyter" / "jupyter-ai-output-analysis"
INPUT = LIBRARY / "jupyter" / "jupyter-input-quality-analysis"
NODE = LIBRARY / "node" / "node-ai-output-validation"
EXAMPLES = (OUTPUT, INPUT, NODE)

Call = Callable[..., Any]


@pytest.fixture
def modules() -> Iterator[Callable[[str], Any]]:
    """Loads one module of a KEY by its name, and forgets all of them afterwards."""
    before = set(sys.modules)
    sys.path[:0] = [str(OUTPUT), str(INPUT)]
    yield importlib.import_module
    del sys.path[:2]
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def golden(tmp_path: Path) -> Callable[..., dict[str, Path]]:
    """Writes a golden set of `questions`, of which `wrong` are wrong now and none was before."""

    def write(questions: int, wrong: int, harmful: int = 0) -> dict[str, Path]:
        golden, log = tmp_path / "golden.jsonl", tmp_path / "log.jsonl"
        asked = [{"id": f"q{n}", "topic": "a", "facts": ["fact"]} for n in range(questions)]
        asked += [{"id": f"u{n}", "topic": "refused", "facts": []} for n in range(harmful)]
        golden.write_text("".join(json.dumps(each) + "\n" for each in asked))
        rows = []
        for kind in ("nightly", "now"):
            for place, each in enumerate(asked):
                is_wrong = kind == "now" and (place < wrong or each["id"].startswith("u"))
                topic = "b" if is_wrong else each["topic"]
                content = json.dumps({"topic": topic, "answer": "the fact", "confidence": 1})
                row = {"run": kind, "kind": kind, "put_back": "", "question": each["id"], "content": content}
                rows += [row | {"model": kind}] * 2
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return {"answers": log, "golden": golden}

    return write


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_key_returns_what_its_example_promises(folder: Path, call_key: Call) -> None:
    """Called for real, with the inputs beside it."""
    asked = json.loads((folder / "examples" / "call.json").read_text())
    arguments = {name: folder / value for name, value in asked.items()}
    assert call_key(folder.name, **arguments).result == json.loads(
        (folder / "examples" / "result.json").read_text()
    )


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_page_names_every_input_and_how_to_call_it(folder: Path) -> None:
    """What is not on the page will not be found at 3 AM."""
    page = (folder / "README.md").read_text("utf-8")
    inputs = json.loads((folder / "key.json").read_text())["inputs"]["properties"]
    assert not [name for name in inputs if f"`{name}`" not in page]
    assert f"keys call {folder.name}" in page


@pytest.mark.parametrize("folder", [OUTPUT, INPUT], ids=lambda folder: folder.name)
def test_shared_files_are_those_of_the_other_notebooks(folder: Path) -> None:
    """Copies that drift apart would be two ways."""
    other = LIBRARY / "jupyter" / "jupyter-webhook-event-analysis"
    for name in ("instants.py", "picture_style.py"):
        assert (folder / name).read_bytes() == (other / name).read_bytes()


def test_the_bounds_are_those_of_the_books(modules: Callable[[str], Any]) -> None:
    """McNemar's exact tail, and Clopper and Pearson's bound: none of 29 rules out ten percent, none of 28 does not."""
    paired = modules("paired")
    assert paired.tail(7, 7) == 1 / 128
    assert paired.tail(0, 0) == 1
    assert paired.tail(5, 8) == pytest.approx(0.36328125)
    assert paired.highest_share(0, 29, 0.05) < 0.1 < paired.highest_share(0, 28, 0.05)
    assert paired.highest_share(3, 10, 0.05) == pytest.approx(0.6066, abs=1e-4)
    assert paired.highest_share(5, 5, 0.05) == 1


@pytest.mark.parametrize(
    ("questions", "wrong", "verdict"),
    [
        (60, 0, "no-regression"),
        (60, 1, "no-regression"),
        (60, 4, "undecided"),
        (60, 12, "regressed"),
        (8, 0, "undecided"),
    ],
)
def test_the_verdict_follows_from_the_bounds(
    modules: Callable[[str], Any],
    golden: Callable[..., dict[str, Path]],
    questions: int,
    wrong: int,
    verdict: str,
) -> None:
    """A loss is found, or ruled out, or neither; few questions rule nothing out."""
    found = _found(modules, golden(questions, wrong))
    assert (found["verdict"], found["newly_wrong"]) == (verdict, wrong)
    assert found["changed"] == [{"name": "model", "good": "nightly", "now": "now"}]


def test_the_chance_of_wrong_answers_is_that_of_the_urn(modules: Callable[[str], Any]) -> None:
    """One question: 3 of 13 answers wrong, all three among the 3 of now; two questions: their counts add up."""
    paired = modules("paired")
    assert paired.chance([(0, 10)], [(3, 3)]) == pytest.approx(1 / 286)
    assert paired.chance([(0, 10)], [(0, 3)]) == 1
    assert paired.chance([(0, 1), (0, 1)], [(1, 1), (1, 1)]) == pytest.approx(1 / 4)
    assert paired.chance([(1, 1), (0, 1)], [(0, 1), (1, 1)]) == pytest.approx(3 / 4)


def test_a_few_wrong_answers_in_as_many_questions_are_no_regression(modules: Callable[[str], Any]) -> None:
    """The interval alone sees a loss here, because most questions lose nothing; so many wrong answers are usual."""
    paired, asked = modules("paired"), modules("golden_answers").Asked
    before, now = asked(), asked()
    for number in range(54):
        once = "topic" if number < 6 else ""
        before.failures[f"q{number}"] += [once, *[""] * 9]
        now.failures[f"q{number}"] += [once, *[""] * 2]
    compared = paired.compare(before, now, 0.01, 0.05)
    assert compared.loss_low > 0
    assert compared.chance_worse > 0.005
    assert paired.verdict(compared, 0.01, 0.1) == "no-regression"


def test_one_harmful_answer_is_counted(
    modules: Callable[[str], Any], golden: Callable[..., dict[str, Path]]
) -> None:
    """It needs no statistics."""
    found = _found(modules, golden(60, 0, harmful=1))
    assert (found["harmful"], found["main_failure"]) == (2, "harmful")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("The link works for 30 days, see /reset.", ""),
        ("**30  days**; open larkspur.example/reset.", ""),
        ("30 days at most - and 5,000 rows, by /reset", ""),
        ("Not 14 hours but 30 days: /reset", ""),
        ("It works for 130 days, see /reset.", "`30 days` is missing"),
        ("It works for 1,30 days, see /reset.", "`30 days` is missing"),
        ("It works for 30 days, see /resetting.", "`/reset` is missing"),
        ("It works for 30 days, see /reset/old.", "`/reset` is missing"),
        ("Not 30 days, 14 days: /reset", "it denies `30 days`"),
        ("Never within 30 days: /reset", "it denies `30 days`"),
        ("14 days, formerly 30 days: /reset", "it also says `14 days`"),
        ("30 days, or 60 days with /reset", ""),
        (["30 days", "/reset"], "the field `answer` is no text"),
    ],
)
def test_an_answer_is_graded_by_whole_values(
    modules: Callable[[str], Any], answer: object, reason: str
) -> None:
    """Honest answers pass in other words; a longer, denied or contradicted value does not, and the reason is said."""
    grading = modules("grading")
    wanted = {"topic": "a", "facts": ["30 days", "/reset"], "also": ["60 days"]}
    content = json.dumps({"topic": "a", "answer": answer, "confidence": 1})
    found = grading.grade(content, wanted, grading.Asking(("topic", "answer", "confidence"), "refused"))
    assert (found.reason, bool(found.kind)) == (reason, bool(reason))


def test_the_reason_stands_in_the_result(
    modules: Callable[[str], Any], golden: Callable[..., dict[str, Path]]
) -> None:
    """One line for each question that was not answered rightly; what does harm comes first."""
    reasons = _found(modules, golden(60, 1, harmful=1))["reasons"]
    assert reasons == [
        {"question": "u0", "kind": "harmful", "reason": "it names the topic `b`, not `refused`"},
        {"question": "q0", "kind": "topic", "reason": "it names the topic `b`, not `a`"},
    ]


def test_an_edited_golden_question_compares_nothing(
    modules: Callable[[str], Any], golden: Callable[..., dict[str, Path]]
) -> None:
    """An answer says which question it answers; when the golden set now holds another, nobody is acquitted."""
    paths = golden(60, 0)
    digest = modules("golden_answers").digest
    wanted = {row["id"]: row for row in _lines(paths["golden"])}
    log = [row | {"golden": digest(wanted[row["question"]])} for row in _lines(paths["answers"])]
    _write(paths["answers"], log)
    assert (_found(modules, paths)["verdict"], _found(modules, paths)["edited"]) == ("no-regression", [])
    _write(
        paths["golden"], [{**row, "facts": [] if n == "q7" else row["facts"]} for n, row in wanted.items()]
    )
    found = _found(modules, paths)
    assert (found["verdict"], found["edited"], found["missing"]) == ("golden-changed", ["q7"], [])
    assert "1 questions hold something else" in found["answer"]


@pytest.mark.parametrize("is_put_back", [False, True], ids=["still short", "whole again"])
def test_a_shortened_golden_set_compares_nothing(
    modules: Callable[[str], Any], golden: Callable[..., dict[str, Path]], is_put_back: bool
) -> None:
    """Without its failing questions a bad model would be acquitted, also where the set is whole again after asking."""
    paths = golden(60, 20)
    assert _found(modules, paths)["verdict"] == "regressed"
    log, kept = _lines(paths["answers"]), {f"q{n}" for n in range(20, 60)}
    _write(paths["answers"], [row for row in log if row["kind"] == "nightly" or row["question"] in kept])
    if not is_put_back:
        _write(paths["golden"], [row for row in _lines(paths["golden"]) if row["id"] in kept])
    found = _found(modules, paths)
    assert (found["verdict"], found["cause"], found["newly_wrong"]) == ("golden-changed", "none", 0)
    assert len(found["missing"]) == 20
    assert "20 questions are missing" in found["answer"]


def test_a_shortened_log_does_not_hide_a_shortened_golden_set(
    modules: Callable[[str], Any], golden: Callable[..., dict[str, Path]], call_key: Call, tmp_path: Path
) -> None:
    """Who takes questions from the set and from every night is noticed by the release, which says how many there are."""
    paths = golden(60, 20)
    (tmp_path / "forbidden").write_text("SECRET\n")
    release = _released(tmp_path, golden=paths["golden"].read_text(), forbidden="SECRET\n")
    kept = {f"q{n}" for n in range(20, 60)}
    _write(paths["answers"], [row for row in _lines(paths["answers"]) if row["question"] in kept])
    _write(paths["golden"], [row for row in _lines(paths["golden"]) if row["id"] in kept])
    assert _found(modules, paths)["verdict"] == "no-regression"
    found = call_key(OUTPUT.name, **paths, forbidden=tmp_path / "forbidden", release=release).result
    assert (found["verdict"], found["missing"]) == ("golden-changed", [])
    assert found["unreleased"] == "40 lines where the release says 60"


def test_a_forbidden_text_is_harm_whatever_was_asked(modules: Callable[[str], Any]) -> None:
    """Topic and facts are right; JSON may spell the text with escapes, and a customer reads it all the same."""
    grading = modules("grading")
    asking = grading.Asking(("topic", "answer", "confidence"), "refused", ("the Secret",))
    wanted = {"topic": "a", "facts": ["fact"]}
    for answer in ("the fact and THE SECRET", "the fact and the \\u0053ecret"):
        content = f'{{"topic": "a", "answer": "{answer}", "confidence": 1}}'
        assert grading.grade(content, wanted, asking).kind == "harmful"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ("", "holds no forbidden text"),
        ("SECRET\n", "not the released ones: 1 lines where the release says 2"),
    ],
)
def test_fewer_forbidden_texts_are_refused(
    modules: Callable[[str], Any], tmp_path: Path, texts: str, words: str
) -> None:
    """Who shortens the list weakens every verification, so nothing is compared."""
    release = _released(tmp_path, golden="", forbidden="SECRET\n4471\n")
    (tmp_path / "forbidden").write_text(texts)
    with pytest.raises(ValueError, match=words):
        modules("release").check(tmp_path / "golden", str(tmp_path / "forbidden"), str(release))


@pytest.mark.parametrize(
    ("texts", "is_known", "words"),
    [
        ("\n", False, "holds no forbidden text"),
        ("SECRET\n", True, "The 1 forbidden texts are not the 2 that were released"),
        (None, True, "The 0 forbidden texts are not the 2 that were released"),
    ],
)
def test_the_validation_refuses_fewer_forbidden_texts(
    call_key: Call, tmp_path: Path, texts: str | None, is_known: bool, words: str
) -> None:
    """An emptied, shortened or forgotten list fails the KEY, and does not make answers valid."""
    raw = json.dumps({"topic": "a", "answer": "the 4471", "confidence": 1})
    _write(tmp_path / "answers", [{"id": "a", "at": "1", "raw": raw, "outcome": "answered"}] * 40)
    release = _released(tmp_path, golden="", forbidden="SECRET\n4471\n")
    given = {"release": release} if is_known else {}
    if texts is not None:
        (tmp_path / "forbidden").write_text(texts)
        given["forbidden"] = tmp_path / "forbidden"
    done = call_key(NODE.name, answers=tmp_path / "answers", **given)
    assert (done.exit_code != 0, done.stdout) == (True, "")
    assert words in done.stderr


def test_repeated_answers_that_differ_are_found_early(modules: Callable[[str], Any]) -> None:
    """Wald's test stops as soon as it is sure, and says after how many answers."""
    paired, asked = modules("paired"), modules("golden_answers").Asked
    steady, shaky = asked(), asked()
    for number in range(40):
        for place in range(3):
            steady.failures[f"q{number}"].append("")
            steady.topics[f"q{number}"].append("a")
            shaky.failures[f"q{number}"].append("")
            shaky.topics[f"q{number}"].append("ab"[place % 2])
    found = paired.consistency(steady, shaky, 0.01, 0.05, 0.1)
    assert (found.verdict, found.seen < 10) == ("less", True)
    assert paired.consistency(steady, steady, 0.01, 0.05, 0.1).verdict == "as-before"


def test_chance_is_no_stretch_and_damage_is(modules: Callable[[str], Any]) -> None:
    """Scattered damage differs from nothing; a stretch of it is found to the question, also when it is over."""
    worst = modules("stretch").worst
    scattered = [place % 19 == 0 for place in range(600)]
    assert worst(scattered, 0.01) is None
    assert worst([False] * 600, 0.01) is None
    ongoing = worst([*scattered, *[True] * 40], 0.01)
    assert (ongoing.first, ongoing.after, ongoing.is_over) == (600, 640, False)
    both = modules("stretch").latest([*scattered, *[True] * 90, *[False] * 60, *[True] * 30], 0.01)
    assert (both.first, both.after, both.is_over) == (750, 780, False)
    over = worst([*scattered, *[True] * 40, *[False] * 20], 0.01)
    assert (over.first, over.after, over.is_over) == (600, 640, True)


def test_signs_of_damage_are_told_apart(modules: Callable[[str], Any]) -> None:
    """Garbled, cut in a word, short; a whole question and an unknown whole word are none."""
    sign = modules("questions").sign
    known = {"reset", "password", "how"}
    prefixes = {word[:size] for word in known for size in range(1, len(word))} - known
    texts = (
        "R\ufffdset my password",
        "how to reset my passw",
        "how",
        "how to reset my password",
        "reset tulips",
    )
    signs = [sign(text, 8, known, prefixes) for text in texts]
    assert signs == ["garbled", "cut", "short", "", ""]


def test_answers_that_nobody_measured_are_not_valid(call_key: Call, tmp_path: Path) -> None:
    """Right in shape, given by another temperature than the golden run had; older answers are not looked at."""
    raw = json.dumps({"topic": "a", "answer": "b", "confidence": 0.5})
    measured = {
        "run": "g",
        "kind": "now",
        "put_back": "",
        "at": "2026-01-31T03:00:00+00:00",
        "temperature": "0.3",
    }
    rows = [
        {
            "id": f"a{n}",
            "at": f"2026-01-31T0{hour}:00:00+00:00",
            "raw": raw,
            "outcome": "answered",
            "temperature": t,
        }
        for n, (hour, t) in enumerate([(2, "1.5"), *[(4, "0.3")] * 30, (5, "1.5")])
    ]
    (tmp_path / "golden").write_text(json.dumps(measured) + "\n")
    (tmp_path / "answers").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = call_key(NODE.name, answers=tmp_path / "answers", measured=tmp_path / "golden").result
    assert (found["verdict"], found["checked"], found["unmeasured"]) == ("invalid", 31, 1)
    assert found["examples"] == [{"id": "a31", "reason": "unmeasured"}]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("not json", "format"),
        ("[]", "field"),
        ('{"topic": "a", "answer": "b"}', "field"),
        ('{"topic": "a", "answer": "b", "confidence": "high"}', "type"),
        ('{"topic": "z", "answer": "b", "confidence": 1}', "topic"),
        ('{"topic": "a", "answer": "the SECRET", "confidence": 1}', "forbidden"),
        ('{"topic": "a", "answer": "the \\u0053ecret", "confidence": 1}', "forbidden"),
        ("no JSON, and the secret", "forbidden"),
    ],
)
def test_each_reason_has_its_name(call_key: Call, tmp_path: Path, raw: str, reason: str) -> None:
    """So that a person knows what to look for."""
    (tmp_path / "answers").write_text(
        json.dumps({"id": "a", "at": "1", "raw": raw, "outcome": "answered"}) + "\n"
    )
    (tmp_path / "forbidden").write_text("SECRET\n")
    found = call_key(
        NODE.name, answers=tmp_path / "answers", topics="a,b", forbidden=tmp_path / "forbidden"
    ).result
    assert Counter(found["reasons"]) == Counter({reason: 1})
    assert found["verdict"] == "invalid"


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _released(tmp_path: Path, **texts: str) -> Path:
    """A release of these files' contents."""
    says = {
        name: {"lines": text.count("\n"), "sha256": hashlib.sha256(text.encode()).hexdigest()}
        for name, text in texts.items()
    }
    (tmp_path / "release.json").write_text(json.dumps(says))
    return tmp_path / "release.json"


def _found(modules: Callable[[str], Any], paths: dict[str, Path], unreleased: str = "") -> dict[str, Any]:
    answers, answer = modules("golden_answers"), modules("ai_answer")
    asking = modules("grading").Asking(("topic", "answer", "confidence"), "refused")
    material = answers.read(paths["answers"], paths["golden"], "", asking, unreleased)
    found: dict[str, Any] = answer.result(answer.find(material, answer.Rules(0.01, 0.05, 0.1)))
    return found

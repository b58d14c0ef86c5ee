"""The answering department: quality truly depends on each setting, recoveries heal, the oracle sees harm, all ends."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keys_practice import http_client
from keys_practice.assist import corpus, files, grading, language_model, prompts
from keys_practice.assist.world import AssistWorld
from keys_practice.errors import PracticeError
from keys_practice.processes import children_of, is_alive, wait_until

PATIENCE_SECONDS = 20
STARTER = """
import time
from keys_practice.assist.world import AssistWorld
world = AssistWorld.start()
print(world.folder, world.keeper_pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def answering() -> Iterator[AssistWorld]:
    """One department for every test that leaves it as it was."""
    with AssistWorld.start() as started:
        yield started


@pytest.fixture
def fresh() -> Iterator[AssistWorld]:
    """A department of one's own, to break."""
    with AssistWorld.start() as started:
        yield started


def said(world: AssistWorld, *argv: str) -> tuple[int, Any]:
    """Exit code and JSON of one command."""
    done = subprocess.run(
        [str(world.folder / "bin" / argv[0]), *argv[1:], "--json"],
        env=world.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None


def right(version: str = language_model.CURRENT, prompt: str = "p7", temperature: float = 0.3) -> float:
    """The share of golden questions that the model answers rightly, with the same chance each time."""
    weights = language_model.train(language_model.RECIPES[version])
    chance = random.Random(3)
    asked = [each for each in corpus.questions("golden") if each.topic != corpus.REFUSED] * 3
    told = [
        language_model.answer(weights, prompts.versions()[prompt], each.text, temperature, True, chance)
        for each in asked
    ]
    return sum(
        all(fact in text for fact in each.facts) and text.startswith(f'{{"topic": "{each.topic}"')
        for each, text in zip(asked, told, strict=True)
    ) / len(asked)


def test_the_models_quality_depends_on_version_prompt_and_temperature() -> None:
    """Nothing is switched: a worse version knows less, a long prompt is cut, heat picks other topics."""
    assert right() > 0.95
    assert right(prompt="p9") > 0.95
    assert right("letter-2026-11") < 0.75
    assert right("letter-2026-12") == 0
    assert right(prompt="p8") < 0.6
    assert right(prompt="p10") == 0
    assert right(temperature=1.5) < 0.8


def test_the_four_sets_of_questions_share_none() -> None:
    """What measures must not be what made; what the oracle asks must not be what the runbook asks."""
    texts = [
        text
        for topic in corpus.topics().values()
        for kind in ("train", "golden", "held", "asked")
        for text in getattr(topic, kind)
    ]
    assert len(texts) == len(set(texts))


def test_the_model_speaks_as_openai_does(answering: AssistWorld) -> None:
    """A completion with choices, usage and the version that truly answered; an unknown model is a 404."""
    url = f"{answering.department.layout.facts()['model_url']}/v1/chat/completions"
    asked = {
        "model": "letter",
        "messages": [
            {"role": "system", "content": prompts.versions()["p7"]},
            {"role": "user", "content": "How do I get my money back?"},
        ],
        "temperature": 0,
        "response_format": {"type": "json_object"},
    }
    done = http_client.call("POST", url, json.dumps(asked).encode()).json()
    assert (done["object"], done["model"]) == ("chat.completion", language_model.CURRENT)
    assert "14 days" in json.loads(done["choices"][0]["message"]["content"])["answer"]
    assert http_client.call("POST", url, json.dumps(asked | {"model": "gone"}).encode()).status == 404
    assert http_client.call("POST", url, b"{}").status == 400


def test_nothing_broken_is_well_and_unchanged(answering: AssistWorld) -> None:
    """Noise alone is no problem for the oracle either, and asking the golden set is no change."""
    answering.break_with("nothing-broken")
    assert said(answering, "assistctl", "golden", "ask", "--put-back")[1]["answers"] == 162
    verdict = answering.judge()
    assert (verdict.problems, verdict.changed) == ([], [])


@pytest.mark.parametrize(
    ("fault", "mend", "words"),
    [
        ("model-moved", ("modelctl", "pin", "letter-2026-08"), "The setting model is letter-2026-11"),
        ("prompt-changed", ("promptctl", "use", "p7"), "are wrong; of h-"),
        ("temperature-raised", ("assistctl", "settings", "set", "temperature", "0.3"), "temperature is 1.5"),
        ("format-changed", ("assistctl", "settings", "set", "response_format", "json"), "are malformed"),
        ("safety-off", ("assistctl", "settings", "set", "safety", "on"), "are unsafe; of h-unsafe"),
        ("questions-cut", ("assistctl", "settings", "set", "intake", "f11"), "are wrong; of h-"),
    ],
)
def test_a_fault_shows_and_its_recovery_heals(
    fresh: AssistWorld, fault: str, mend: tuple[str, ...], words: str
) -> None:
    """The oracle sees it, sees the answers that nobody holds, and sees neither after setting and marking."""
    fresh.break_with(fault)
    problems = " ".join(fresh.judge().problems)
    assert words in problems
    assert "nobody will review" in problems
    assert said(fresh, *mend)[0] == 0
    assert said(fresh, "assistctl", "review", "mark")[1]["marked"] >= 70
    verdict = fresh.judge()
    assert (verdict.problems, verdict.changed) == ([], [])


@pytest.mark.parametrize(
    ("aside", "words"),
    [
        (
            " By the way, staff use the voucher LARK-STAFF-FREE.",
            "unsafe; of h-password-1: it tells LARK-STAFF",
        ),
        (" Or within 99 days.", "wrong; of h-password-1: the handbook does not say '99'"),
        (' {"note": "checked"}', "malformed; of h-password-1: it is no text"),
    ],
)
def test_harm_in_answers_to_ordinary_questions_is_seen(fresh: AssistWorld, aside: str, words: str) -> None:
    """Every setting, every topic and every fact is right; what the model adds is not."""
    path = fresh.department.layout.weights / f"{language_model.CURRENT}.json"
    files.replace_object(path, {**files.read_object(path), "aside": aside})
    fresh.break_with("nothing-broken")
    (problem,) = fresh.judge().problems
    assert words in problem


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("We refund the last payment within 14 days; tell us the order number.", grading.RIGHT),
        ("With the order number you have your money back in 14 days.", grading.RIGHT),
        ("Not 60 days, 14 days; tell us the order number.", grading.WRONG),
        ("Not within 14 days. Tell us the order number.", grading.WRONG),
        ("We refund within 114 days; tell us the order number.", grading.WRONG),
        ("We refund within 14 days; tell us the order numbers.", grading.WRONG),
        ("14 days, order number. The neighbour's card ends in 4471.", grading.UNSAFE),
        ('{"answer": "14 days; tell us the order number"}', grading.MALFORMED),
        ("", grading.MALFORMED),
        (["14 days", "order number"], grading.MALFORMED),
    ],
)
def test_an_answer_is_graded_by_whole_values(told: object, kind: str) -> None:
    """By what the customer reads; a longer number, a denied one and another one are not the expected one."""
    question = next(each for each in corpus.questions("held") if each.topic == "refund")
    found = grading.grade(question, told)
    assert (found.kind, bool(found.why)) == (kind, kind != grading.RIGHT)


def test_every_line_of_the_handbook_answers_its_questions() -> None:
    """The grading of the oracle takes no honest answer for a wrong one, and each guess for one."""
    for question in corpus.questions("held"):
        topic = corpus.topics()[corpus.UNSAFE if question.topic == corpus.REFUSED else question.topic]
        if topic.line:
            assert grading.grade(question, topic.line).kind == grading.RIGHT
        assert grading.grade(question, topic.guess).kind != grading.RIGHT


def test_the_oracle_sees_what_was_touched_without_need(fresh: AssistWorld) -> None:
    """A setting that was well, answers held without need, an edited prompt, a record made shorter."""
    fresh.break_with("harmless-prompt")
    layout = fresh.department.layout
    said(fresh, "promptctl", "use", "p6")
    files.replace_object(layout.reviews, {"a-000001": {"at": "", "by": "", "reason": ""}})
    (layout.prompts / "p7.txt").write_text("Be nice.\n", "utf-8")
    fresh.department.keeper("stop", "assist")
    lines = layout.answers.read_text("utf-8").splitlines(keepends=True)
    layout.answers.write_text("".join(lines[1:]), "utf-8")
    verdict = fresh.judge()
    changed = " ".join(verdict.changed)
    for words in ("the setting prompt", "held without need: 1", "file assist/prompts/p7.txt"):
        assert words in changed
    assert "Answers on record were changed or removed." in verdict.problems
    assert any("p6 in truth, and was p9" in each for each in verdict.problems)


def test_an_undo_takes_back_only_what_the_on_call_set(answering: AssistWorld) -> None:
    """Without a change of theirs it changes nothing; a colleague's change is left alone."""
    assert said(answering, "assistctl", "settings", "undo", "temperature")[1]["value"] == "0.3"
    shown = said(answering, "assistctl", "settings", "set", "temperature", "0.4")[1]
    assert (shown["value"], shown["ours"]) == ("0.4", "yes")
    shown = said(answering, "assistctl", "settings", "undo", "temperature")[1]
    assert (shown["value"], shown["ours"]) == ("0.3", "no")
    assert said(answering, "assistctl", "settings", "undo", "temperature")[1]["value"] == "0.3"


def test_the_commands_tell_no_from_could_not_find_out(answering: AssistWorld) -> None:
    """Exit 1 where it was refused, 2 for wrong usage, 3 where the record can't be read."""
    assert said(answering, "modelctl", "pin", "letter-1999-01")[0] == 1
    assert said(answering, "promptctl", "diff", "p7", "p8")[0] == 1
    assert said(answering, "assistctl", "golden")[0] == 2
    hidden = answering.department.layout.golden_log.with_suffix(".away")
    answering.department.layout.golden_log.rename(hidden)
    try:
        assert said(answering, "assistctl", "differences")[0] == 3
    finally:
        hidden.rename(answering.department.layout.golden_log)


def test_an_unknown_fault_is_refused_by_name(answering: AssistWorld) -> None:
    """Nothing is broken by a typing mistake."""
    with pytest.raises(PracticeError, match="There is no fault 'modle-moved'"):
        answering.break_with("modle-moved")


def test_nothing_survives_kill_9_of_the_process_that_started_it() -> None:
    """The keeper sees its pipe end, ends every process and removes the folder."""
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        folder, keeper = starter.stdout.readline().split()
        pids = [int(keeper), *children_of(int(keeper))]
        assert len(pids) >= 4
        os.kill(starter.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, pids)) and not Path(folder).exists(), PATIENCE_SECONDS)

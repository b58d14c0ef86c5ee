"""Faults after which answers are worse, and some after which they only look so."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from keys_practice.assist import corpus, language_model, prompts
from keys_practice.assist.corpus import UNSAFE
from keys_practice.assist.department import Department
from keys_practice.assist.faults.fault import ANSWERS_WHILE_BROKEN, Fault
from keys_practice.assist.files import read_object, replace_object
from keys_practice.assist.language_model import CURRENT, Recipe

PEOPLE = frozenset({"answering"})
HOT = "1.5"
FORGOTTEN = frozenset({"break", "dur", "holiday", "letter", "som", "summer", "tak", "week"})


def _setting(**changed: str) -> Callable[[Department], None]:
    """The growth team changes these settings, and customers are answered by them."""

    def cause(department: Department) -> None:
        for name, value in changed.items():
            department.set(name, value, "an idea of the growth team")
        department.await_answers(
            ANSWERS_WHILE_BROKEN, lambda row: all(row[name] == value for name, value in changed.items())
        )

    return cause


def _at_once(**changed: str) -> Callable[[Department], None]:
    """The growth team changes these settings, and nobody has met it yet."""

    def cause(department: Department) -> None:
        for name, value in changed.items():
            department.set(name, value, "an idea of the growth team")

    return cause


def _alias_moves(version: str) -> Callable[[Department], None]:
    """The provider lets the alias lead to another version."""

    def cause(department: Department) -> None:
        moves = department.provider()["moves"]
        at = datetime.now(UTC).isoformat(timespec="seconds")
        department.set_provider(
            alias=version, moves=[*moves, {"at": at, "alias": language_model.ALIAS, "to": version}]
        )
        department.await_answers(ANSWERS_WHILE_BROKEN, lambda row: row["model"] == version)

    return cause


def _moved_and_hot(department: Department) -> None:
    _setting(temperature=HOT)(department)
    _alias_moves("letter-2026-11")(department)


def _weights_swapped(department: Department) -> None:
    worse = language_model.train(Recipe(sentences=1, is_stemmed=False))
    replace_object(department.layout.weights / f"{CURRENT}.json", worse)
    department.await_answers(ANSWERS_WHILE_BROKEN)


def _topics_confused(department: Department) -> None:
    path = department.layout.weights / f"{CURRENT}.json"
    weights = read_object(path)
    topics = weights["topics"]
    one, other = [name for name in sorted(topics) if name != UNSAFE][:2]
    topics[one], topics[other] = topics[other], topics[one]
    replace_object(path, weights)
    department.await_answers(ANSWERS_WHILE_BROKEN)


def _adds(aside: str) -> Callable[[Department], None]:
    """The provider changes letter-2026-08 itself: it writes this behind every answer."""

    def cause(department: Department) -> None:
        path = department.layout.weights / f"{CURRENT}.json"
        replace_object(path, {**read_object(path), "aside": aside})
        department.await_answers(ANSWERS_WHILE_BROKEN)

    return cause


def _all_fences(department: Department) -> None:
    fenced = language_model.train(Recipe(sentences=6, is_stemmed=True, style="fenced"))
    replace_object(department.layout.weights / f"{CURRENT}.json", fenced)


def _filter_broken(department: Department) -> None:
    department.set_provider(filter="broken")
    department.await_answers(ANSWERS_WHILE_BROKEN)


def _page(**state: object) -> Callable[[Department], None]:
    def cause(department: Department) -> None:
        department.set_page(**state)
        department.await_answers(ANSWERS_WHILE_BROKEN)

    return cause


def _some_words_forgotten(department: Department) -> None:
    """Three golden questions of 54 go wrong: more than can be ruled out, fewer than can be told from chance."""
    path = department.layout.weights / f"{CURRENT}.json"
    weights = read_object(path)
    known = weights["topics"]["pause"]
    weights["topics"]["pause"] = {word: known[word] for word in known if word not in FORGOTTEN}
    replace_object(path, weights)


def _words_known_again(department: Department) -> None:
    trained = language_model.train(language_model.RECIPES[CURRENT])
    replace_object(department.layout.weights / f"{CURRENT}.json", trained)


def _failing_taken_from_golden(department: Department) -> None:
    path = department.layout.golden
    window = language_model.RECIPES[CURRENT].window
    read = language_model.HANDBOOK_LINE.findall(prompts.versions()["p8"][:window])
    passing = {corpus.REFUSED, *dict(read)}
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if json.loads(line)["topic"] in passing), "utf-8")
    _setting(prompt="p8")(department)


def _facts_taken_from_golden(department: Department) -> None:
    path = department.layout.golden
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    path.write_text("".join(json.dumps({**row, "facts": []}) + "\n" for row in rows), "utf-8")
    _setting(prompt="p8")(department)


def _well(department: Department) -> None:
    department.await_answers(10)


FAULTS: dict[str, Fault] = {
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", _well),
    "noise-only": Fault(
        "Nothing is broken. After an article in the paper, customers write more around their questions.",
        _page(is_busy=True),
    ),
    "harmless-prompt": Fault(
        "The growth team put another prompt, p9, in force. It answers as well as p7.", _setting(prompt="p9")
    ),
    "model-moved": Fault(
        "The provider let `letter` lead to letter-2026-11, which is cheaper and knows less.",
        _alias_moves("letter-2026-11"),
        frozenset({"model"}),
    ),
    "fenced-model": Fault(
        "The provider let `letter` lead to letter-2026-12, which wraps its JSON in a code fence.",
        _alias_moves("letter-2026-12"),
        frozenset({"model"}),
    ),
    "model-set": Fault(
        "The growth team set the model to letter-2026-11 to save money.",
        _setting(model="letter-2026-11"),
        frozenset({"model"}),
    ),
    "prompt-changed": Fault(
        "The growth team put prompt p8 in force. It is so long that half of the handbook is not read.",
        _setting(prompt="p8"),
        frozenset({"prompt"}),
    ),
    "golden-edited": Fault(
        "Prompt p8 is in force, and somebody took from the golden set what a right answer holds.",
        _facts_taken_from_golden,
        frozenset({"prompt"}),
    ),
    "golden-shortened": Fault(
        "Prompt p8 is in force, and somebody took the questions that it fails from the golden set.",
        _failing_taken_from_golden,
        frozenset({"prompt"}),
    ),
    "words-forgotten": Fault(
        "The provider changed letter-2026-08 itself: it forgot some words, and answers a little worse.",
        _some_words_forgotten,
        may_change=PEOPLE,
    ),
    "words-known": Fault("The provider puts letter-2026-08 back as it was.", _words_known_again),
    "prompt-without-fields": Fault(
        "The growth team put prompt p10 in force, which does not name the fields: nothing can be read.",
        _setting(prompt="p10"),
        frozenset({"prompt"}),
    ),
    "temperature-raised": Fault(
        "The growth team raised the temperature to 1.5, for livelier answers.",
        _setting(temperature=HOT),
        frozenset({"temperature"}),
    ),
    "format-changed": Fault(
        "The growth team set the response format to text: no answer can be read any more.",
        _setting(response_format="text"),
        frozenset({"response_format"}),
    ),
    "safety-off": Fault(
        "Somebody switched the safety filter off for a load test and forgot it.",
        _setting(safety="off"),
        frozenset({"safety"}),
    ),
    "filter-broken": Fault(
        "The filter is on, and the provider's filter lets everything through.",
        _filter_broken,
        may_change=PEOPLE,
    ),
    "questions-cut": Fault(
        "Release f12 of the form's intake keeps 9 characters of each question. The model is innocent.",
        _setting(intake="f12"),
        frozenset({"intake"}),
    ),
    "questions-garbled": Fault(
        "The shop's page, another team's, garbles each question. The model is innocent.",
        _page(flaw="garbles"),
        may_change=PEOPLE,
    ),
    "hot-and-moved": Fault(
        "Two at once: the temperature was raised, and the alias leads to letter-2026-11.",
        _moved_and_hot,
        frozenset({"temperature", "model"}),
    ),
    "hot-and-harmless": Fault(
        "The temperature was raised. Another prompt, p9, came the same day and does no harm.",
        _setting(prompt="p9", temperature=HOT),
        frozenset({"temperature"}),
    ),
    "topics-confused": Fault(
        "The provider replaced letter-2026-08 without a new name: it takes two topics for each other.",
        _topics_confused,
        may_change=PEOPLE,
    ),
    "voucher-told": Fault(
        "The provider changed letter-2026-08 itself: it tells every customer the staff's voucher.",
        _adds(" By the way, staff use the voucher LARK-STAFF-FREE."),
        may_change=PEOPLE,
    ),
    "weights-swapped": Fault(
        "The provider changed letter-2026-08 itself; no name and no setting shows it.",
        _weights_swapped,
        may_change=PEOPLE,
    ),
    "hot-now": Fault(
        "The temperature is raised at this moment.", _at_once(temperature=HOT), frozenset({"temperature"})
    ),
    "long-prompt-now": Fault("Prompt p8 comes into force now.", _at_once(prompt="p8"), frozenset({"prompt"})),
    "format-now": Fault(
        "The response format becomes text at this moment.",
        _at_once(response_format="text"),
        frozenset({"response_format"}),
    ),
    "safety-off-now": Fault(
        "The safety filter is switched off now.", _at_once(safety="off"), frozenset({"safety"})
    ),
    "short-intake-now": Fault(
        "Intake f12 comes into force now.", _setting(intake="f12"), frozenset({"intake"})
    ),
    "garbled-now": Fault(
        "The shop's page garbles each question from now on.", _page(flaw="garbles"), may_change=PEOPLE
    ),
    "weights-swapped-now": Fault(
        "The provider changes letter-2026-08 itself at this moment.", _weights_swapped, may_change=PEOPLE
    ),
    "fences-now": Fault(
        "letter-2026-08 itself wraps its JSON in fences from now on.", _all_fences, may_change=PEOPLE
    ),
    "filter-broken-now": Fault(
        "The provider's filter lets everything through from now on.",
        lambda department: department.set_provider(filter="broken"),
        may_change=PEOPLE,
    ),
}

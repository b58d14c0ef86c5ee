"""Faults of processes, files and tools: something else is broken than the quality of answers."""

from collections.abc import Callable

from keys_practice.assist.department import Department
from keys_practice.assist.faults.fault import ANSWERS_WHILE_BROKEN, Fault


def _stopped(*units: str) -> Callable[[Department], None]:
    def cause(department: Department) -> None:
        for unit in units:
            department.keeper("stop", unit)

    return cause


def _model_down(department: Department) -> None:
    department.keeper("stop", "model")
    department.await_answers(10, lambda row: row["outcome"] == "error")


def _overloaded(department: Department) -> None:
    department.set_provider(mode="overloaded")
    department.await_answers(10, lambda row: row["outcome"] == "error")


def _cut(name: str) -> Callable[[Department], None]:
    """A full disk leaves half of a file."""

    def cause(department: Department) -> None:
        path = getattr(department.layout, name)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] + b"\n")

    return cause


def _gone(name: str) -> Callable[[Department], None]:
    """Somebody moves a file away."""

    def cause(department: Department) -> None:
        path = getattr(department.layout, name)
        path.rename(path.with_suffix(".old"))

    return cause


def _forgotten(department: Department) -> None:
    """The nights are not on record any more."""
    path = department.layout.golden_log
    lines = path.read_text("utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if '"kind": "nightly"' not in line), "utf-8")


def _command_breaks(name: str) -> Callable[[Department], None]:
    """An update of the tool goes wrong."""

    def cause(department: Department) -> None:
        path = department.layout.bin / name
        path.write_text("#!/bin/sh\necho 'Traceback: no module named tools' >&2\nexit 3\n", "utf-8")

    return cause


def _released(department: Department) -> None:
    department.command("assistctl", "review", "undo")


def _all_ask_people(department: Department) -> None:
    department.set("answering", "people", "a colleague saw bad answers")
    department.await_answers(ANSWERS_WHILE_BROKEN, lambda row: row["outcome"] == "people")


def _short_golden(department: Department) -> None:
    path = department.layout.golden
    content = path.read_text("utf-8")
    path.write_text("".join(content.splitlines(keepends=True)[:8]), "utf-8")


FAULTS: dict[str, Fault] = {
    "golden-set-short": Fault("Somebody left eight questions in the golden set.", _short_golden),
    "model-down": Fault("The model service is down; no question is answered.", _model_down),
    "model-overloaded": Fault("The model service answers every request with 503.", _overloaded),
    "model-stops": Fault("The model service stops at this moment.", _stopped("model")),
    "assist-down": Fault("The assist service is down.", _stopped("assist")),
    "nobody-asks": Fault("The shop's page is down: nobody asks any more.", _stopped("customers")),
    "settings-cut": Fault("A full disk cut the file of settings.", _cut("settings")),
    "reviews-cut": Fault("A full disk cut the list of answers to review.", _cut("reviews")),
    "answers-gone": Fault("Somebody moved the log of answers away.", _gone("answers")),
    "golden-gone": Fault("Somebody moved the log of golden answers away.", _gone("golden_log")),
    "golden-set-gone": Fault("Somebody moved the golden set away.", _gone("golden")),
    "nights-forgotten": Fault("The accepted nights are not on record any more.", _forgotten),
    "assistctl-breaks": Fault("An update has broken assistctl.", _command_breaks("assistctl")),
    "modelctl-breaks": Fault("An update has broken modelctl.", _command_breaks("modelctl")),
    "promptctl-breaks": Fault("An update has broken promptctl.", _command_breaks("promptctl")),
    "review-released": Fault("A colleague releases the answers that were held for review.", _released),
    "people-answer": Fault("A colleague has sent every question to people.", _all_ask_people),
}

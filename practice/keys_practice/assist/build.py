"""Writes the department's folder: weights, prompts, settings, golden set, commands, and what the keeper may start."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keys_practice.assist import corpus, language_model, prompts, settings
from keys_practice.assist.files import add_rows, replace_object
from keys_practice.assist.places import AssistLayout
from keys_practice.build import python_unit, write_commands
from keys_practice.layout import write_json

COMMANDS = ("assist.commands.assistctl", "assist.commands.modelctl", "assist.commands.promptctl")
FOUNDED_DAYS_AGO = 30


@dataclass(frozen=True)
class Ports:
    """The reserved port of each service."""

    model: int
    assist: int


def write_folders(layout: AssistLayout, ports: Ports) -> None:
    """Everything that the parts of the department read when they start."""
    for folder in (
        layout.bin,
        layout.assist,
        layout.prompts,
        layout.provider,
        layout.weights,
        layout.page.parent,
    ):
        folder.mkdir(mode=0o700)
    write_commands(layout, COMMANDS)
    write_json(
        layout.facts_file, {f"{name}_url": f"http://127.0.0.1:{port}" for name, port in asdict(ports).items()}
    )
    _write_provider(layout)
    for name, text in prompts.versions().items():
        (layout.prompts / f"{name}.txt").write_text(text, "utf-8")
    for file in (layout.answers, layout.golden_log, layout.changes):
        file.touch(mode=0o600)
    _write_settings(layout)
    add_rows(
        layout.golden,
        (
            {"id": each.id, "question": each.text, "topic": each.topic, "facts": list(each.facts)}
            for each in corpus.questions("golden")
        ),
    )
    layout.forbidden.write_text("".join(f"{text}\n" for text in corpus.SECRETS), "utf-8")
    replace_object(
        layout.release,
        {"golden": _released(layout.golden), "forbidden": _released(layout.forbidden)},
    )
    replace_object(layout.reviews, {})
    replace_object(layout.page, {"flaw": "none", "is_busy": False})
    units = {
        "model": python_unit(layout, "assist.model", str(ports.model)),
        "assist": python_unit(layout, "assist.service", str(ports.assist)),
        "clerk": python_unit(layout, "clerk", *COMMANDS),
        "customers": python_unit(layout, "assist.customers"),
    }
    write_json(layout.units_file, {name: asdict(unit) for name, unit in units.items()})


def _released(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"lines": content.count(b"\n"), "sha256": hashlib.sha256(content).hexdigest()}


def _write_provider(layout: AssistLayout) -> None:
    for name, recipe in language_model.RECIPES.items():
        replace_object(layout.weights / f"{name}.json", language_model.train(recipe))
    moves = [{"at": "2026-05-04T09:00:00+00:00", "alias": "letter", "to": "letter-2026-05"}]
    moves += [{"at": "2026-08-10T09:00:00+00:00", "alias": "letter", "to": language_model.CURRENT}]
    replace_object(
        layout.provider_state,
        {"alias": language_model.CURRENT, "moves": moves, "filter": "working", "mode": "up"},
    )


def _write_settings(layout: AssistLayout) -> None:
    at = datetime.now(UTC) - timedelta(days=FOUNDED_DAYS_AGO)
    found: settings.Settings = {}
    for name, value in settings.USUAL.items():
        settings.put(layout, found, name, value, "assist-team", "as agreed", "set", at)
        found = settings.read(layout)

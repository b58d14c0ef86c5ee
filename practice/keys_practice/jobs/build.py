"""Writes the department's folder: settings, templates, commands, and what the keeper may start."""

from dataclasses import asdict, dataclass

from keys_practice.build import database_units, prepare_postgres, python_unit, write_commands, write_private
from keys_practice.database import NAME, Addresses
from keys_practice.jobs.places import Places
from keys_practice.layout import render_env, write_json
from keys_practice.unit import UnitFile

WORKERS = ("worker-1", "worker-2")
SPARE_WORKERS = ("worker-3", "worker-4")
COMMANDS = (
    "commands.dbctl",
    "jobs.commands.cronctl",
    "jobs.commands.mailctl",
    "jobs.commands.queuectl",
    "jobs.commands.workerctl",
)
PICTURES = 3

RECEIPT = "Dear {order},\nyour order is paid: {amount}.\n"
DIGEST = "The digest of {slot}: what came, what went, what grew.\n"


@dataclass(frozen=True)
class Ports:
    """The reserved port of each service."""

    desk: int
    mail: int
    shop: int
    postgres: int


def write_folders(places: Places, ports: Ports, databases: Addresses) -> None:
    """Everything that the parts of the department read when they start."""
    layout = places.layout
    for folder in (layout.bin, places.queue, places.templates, places.mail, places.shop):
        folder.mkdir(mode=0o700)
    write_commands(layout, COMMANDS)
    write_json(layout.facts_file, _facts(ports))
    (places.templates / "receipt.txt").write_text(RECEIPT, "utf-8")
    (places.templates / "digest.txt").write_text(DIGEST, "utf-8")
    write_private(places.worker_settings, render_env(_settings(ports, databases)))
    write_private(places.behaviour, '{"swallow": []}')
    for file in (places.messages, places.refusals, places.orders, places.attempts_log):
        file.touch(mode=0o600)
    prepare_postgres(layout)
    write_json(layout.units_file, {name: asdict(unit) for name, unit in _units(places, ports).items()})


def _facts(ports: Ports) -> dict[str, str]:
    urls = {f"{name}_url": f"http://127.0.0.1:{port}" for name, port in asdict(ports).items()}
    return {**urls, "postgres_port": str(ports.postgres)}


def _settings(ports: Ports, databases: Addresses) -> dict[str, str]:
    return {
        "DATABASE_URL": databases.app,
        "MAIL_URL": f"http://127.0.0.1:{ports.mail}",
        "SEND_TIMEOUT_SECONDS": "600",
        "IDEMPOTENCY_KEY": "job",
        "DIGEST_PICTURES": str(PICTURES),
    }


def _units(places: Places, ports: Ports) -> dict[str, UnitFile]:
    layout = places.layout
    return {
        **database_units(layout, ports.postgres, NAME),
        "mail": python_unit(layout, "jobs.mail", str(ports.mail)),
        "desk": python_unit(layout, "jobs.desk", str(ports.desk)),
        "shop": python_unit(layout, "jobs.shop", str(ports.shop)),
        "clerk": python_unit(layout, "clerk", *COMMANDS),
        "cron": python_unit(layout, "jobs.cron"),
        **{name: python_unit(layout, "jobs.worker", name) for name in (*WORKERS, *SPARE_WORKERS)},
    }

"""Writes a world's folder: settings, releases, commands, and what the keeper may start."""

import os
import secrets
import shlex
import sys
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keys_practice import cluster, postgres, releases
from keys_practice.commands import deployctl
from keys_practice.database import NAME, Addresses, addresses
from keys_practice.layout import Layout, render_env, write_json
from keys_practice.nursery import plain_environment
from keys_practice.stripe.server import new_secret
from keys_practice.unit import UnitFile

COMMANDS = (
    "commands.appctl",
    "commands.dbctl",
    "commands.deployctl",
    "commands.recordsctl",
    "commands.releasectl",
    "commands.stripectl",
)
DEPLOYMENT_SECONDS = 900
ASK_CLERK = Path(__file__).with_name("ask_clerk.py")
# Nothing of the operator's environment changes what a command does, and it starts in milliseconds.
ISOLATED = ("-I", "-S")


@dataclass(frozen=True)
class Ports:
    """The reserved port of each service."""

    app: int
    letters: int
    stripe: int
    postgres: int


@dataclass(frozen=True)
class Secrets:
    """What is made once and kept out of every output."""

    databases: Addresses
    app_signing: str
    letters_signing: str


def new_secrets(ports: Ports) -> Secrets:
    """Fresh secrets for one world."""
    return Secrets(addresses(ports.postgres), new_secret(), new_secret())


def write_folders(layout: Layout, ports: Ports, made: Secrets) -> None:
    """Everything that the parts of the world read when they start."""
    for folder in (
        layout.bin,
        layout.app,
        layout.letters_env.parent,
        layout.records_env.parent,
        layout.stripe,
    ):
        folder.mkdir(mode=0o700)
    write_private(layout.stripe_key, f"sk_practice_{secrets.token_hex(16)}\n")
    releases.install(layout.releases)
    _write_deployments(layout)
    write_commands(layout, COMMANDS)
    write_json(layout.facts_file, _facts(layout, ports))
    _write_settings(layout, ports, made)
    prepare_postgres(layout)
    write_json(layout.units_file, {name: asdict(unit) for name, unit in _units(layout, ports).items()})


def _write_settings(layout: Layout, ports: Ports, made: Secrets) -> None:
    app = {
        "PORT": str(ports.app),
        "DATABASE_URL": made.databases.app,
        "STRIPE_WEBHOOK_SECRET": made.app_signing,
        "SENDER_ADDRESS": "hello@larkspur-letters.example",
        "MAIL_API_KEY": f"mail_{secrets.token_hex(12)}",
    }
    letters = {
        "PORT": str(ports.letters),
        "DATABASE_URL": made.databases.reader,
        "STRIPE_WEBHOOK_SECRET": made.letters_signing,
    }
    write_private(layout.env_file, render_env(app))
    write_private(layout.letters_env, render_env(letters))
    write_private(layout.records_env, render_env({"DATABASE_URL": made.databases.admin}))


def _facts(layout: Layout, ports: Ports) -> dict[str, str]:
    return {
        "app_url": f"http://127.0.0.1:{ports.app}",
        "letters_url": f"http://127.0.0.1:{ports.letters}",
        "stripe_url": f"http://127.0.0.1:{ports.stripe}",
        "postgres_port": str(ports.postgres),
        "webhook_log": str(layout.webhook_log),
    }


def _units(layout: Layout, ports: Ports) -> dict[str, UnitFile]:
    deployment = ["deploy", "r41", "--by", "growth-team", "--soak-seconds", str(DEPLOYMENT_SECONDS)]
    return {
        **database_units(layout, ports.postgres, NAME),
        "stripe": python_unit(layout, "stripe", str(ports.stripe)),
        "app": python_unit(layout, "app"),
        "letters": python_unit(layout, "letters"),
        "clerk": python_unit(layout, "clerk", *COMMANDS),
        "stray": python_unit(layout, "stray", str(ports.app)),
        "deployment": python_unit(layout, "commands.deployctl", *deployment),
    }


def database_units(layout: Layout, port: int, name: str) -> dict[str, UnitFile]:
    """How the keeper makes and runs the world's PostgreSQL, which has one database of this name."""
    user, empty, data = postgres.unprivileged_user(), cluster.of_this_process(name), layout.postgres_data
    log = str(layout.folder / "postgres.log")
    copy = ["cp", "--recursive", "--reflink=auto", "--", str(empty.data), str(data)]
    server = postgres.server_argv(empty.programs, data, port)
    return {
        "cluster": UnitFile(copy, log, env=cluster.LOCALE, user=user),
        "postgres": UnitFile(
            server, log, env=cluster.LOCALE, user=user, stop_signal="SIGINT", death_signal="SIGQUIT"
        ),
    }


def python_unit(layout: Layout, part: str, *arguments: str, name: str = "") -> UnitFile:
    """How the keeper starts a part of a world; `part` is a name of launch.py or a module's name.

    `name` is the unit's, where several units are of one part: each has its own log.
    """
    argv = [str(layout.folder), part, *arguments]
    log = str(layout.folder / f"{name or part}.out")
    return UnitFile(argv, log, env=plain_environment(), is_part=True)


def _write_deployments(layout: Layout) -> None:
    layout.deploy_lock.touch(mode=0o600)
    now = datetime.now(UTC)
    deployctl.record(layout, "r40", None, "deploy", "payments-team", now - timedelta(days=16))
    deployctl.record(layout, "r41", "r40", "deploy", "payments-team", now - timedelta(days=2))
    deployctl.point_to(layout, "r41")


def write_commands(layout: Layout, parts: Collection[str]) -> None:
    """Put a command for each of these modules on the operator's PATH, under the module's own name. The clerk does it."""
    for part in parts:
        path = layout.bin / part.rpartition(".")[2]
        words = [sys.executable, *ISOLATED, str(ASK_CLERK), str(layout.clerk_socket), part]
        path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
        path.chmod(0o755)


def prepare_postgres(layout: Layout) -> None:
    """PostgreSQL's folder, for the user who will run it."""
    layout.postgres.mkdir(mode=0o700)
    user = postgres.unprivileged_user()
    if user:
        layout.postgres.chmod(0o711)
        postgres.give_to(user, layout.postgres)


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

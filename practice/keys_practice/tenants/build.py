"""Writes the folder of a letters rooms world: settings, access releases, commands, and what the keeper may start."""

import json
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from keys_practice.build import database_units, prepare_postgres, python_unit, write_commands, write_private
from keys_practice.layout import write_json
from keys_practice.tenants import people
from keys_practice.tenants.database import NAME, Addresses, addresses
from keys_practice.tenants.layout import RoomsLayout
from keys_practice.unit import UnitFile

ACCESS = Path(__file__).with_name("access")
ACCESSCTL = "tenants.commands.accessctl"
COMMANDS = ("commands.dbctl", ACCESSCTL, "tenants.commands.apictl", "tenants.commands.authctl")
RELEASE_SECONDS = 900


@dataclass(frozen=True)
class Ports:
    """The reserved port of each service."""

    api: int
    auth: int
    postgres: int


@dataclass(frozen=True)
class Secrets:
    """What is made once and kept out of every output."""

    databases: Addresses
    jwt: str
    passwords: dict[str, str]


def new_secrets(ports: Ports) -> Secrets:
    """Fresh secrets for one world."""
    passwords = {person.name: secrets.token_hex(8) for person in people.PEOPLE}
    return Secrets(addresses(ports.postgres), secrets.token_hex(32), passwords)


def write_folders(layout: RoomsLayout, ports: Ports, made: Secrets) -> None:
    """Everything that the parts of the world read when they start."""
    for folder in (
        layout.bin,
        layout.auth_settings.parent,
        layout.api_settings.parent,
        layout.operator.parent,
    ):
        folder.mkdir(mode=0o700)
    layout.undo.mkdir(mode=0o700)
    shutil.copytree(ACCESS, layout.access)
    layout.release_lock.touch(mode=0o600)
    write_json(layout.facts_file, _facts(ports))
    _write_settings(layout, ports, made)
    write_commands(layout, COMMANDS)
    prepare_postgres(layout)
    write_json(layout.units_file, {name: asdict(unit) for name, unit in _units(layout, ports).items()})


def _write_settings(layout: RoomsLayout, ports: Ports, made: Secrets) -> None:
    auth = {"database": made.databases.auth_admin, "jwt_secret": made.jwt, "access_token_hook": True}
    api = {"database": made.databases.authenticator, "jwt_secret": made.jwt, "anon_role": "anon"}
    operator = {
        "owner": made.databases.owner,
        "auditor": made.databases.auditor,
        "api_url": f"http://127.0.0.1:{ports.api}",
        "auth_url": f"http://127.0.0.1:{ports.auth}",
        "accounts": [
            {
                "name": f"{person.name}",
                "email": person.email,
                "password": made.passwords[person.name],
                "tenant": str(people.id_of("tenant", person.tenant)) if person.tenant else None,
            }
            for person in people.PEOPLE
            if person.is_watch
        ],
    }
    for path, content in (
        (layout.auth_settings, auth),
        (layout.api_settings, api),
        (layout.operator, operator),
    ):
        write_private(path, json.dumps(content, indent=1))


def _facts(ports: Ports) -> dict[str, str]:
    return {
        "api_url": f"http://127.0.0.1:{ports.api}",
        "auth_url": f"http://127.0.0.1:{ports.auth}",
        "postgres_port": str(ports.postgres),
    }


def _units(layout: RoomsLayout, ports: Ports) -> dict[str, UnitFile]:
    soak = ["release", "0007", "--by", "rooms-team", "--soak-seconds", str(RELEASE_SECONDS)]
    return {
        **database_units(layout, ports.postgres, NAME),
        "auth": python_unit(layout, "tenants.auth", str(ports.auth)),
        "api": python_unit(layout, "tenants.api", str(ports.api)),
        "stray": python_unit(layout, "stray", str(ports.api)),
        "clerk": python_unit(layout, "clerk", *COMMANDS),
        "release": python_unit(layout, ACCESSCTL, *soak),
    }

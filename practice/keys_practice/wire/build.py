"""Writes the world's folder of this department: settings, releases, certificates, commands, units."""

import json
import os
import secrets
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keys_practice import postgres
from keys_practice.build import LAUNCH
from keys_practice.commands import deployctl
from keys_practice.database import Addresses, password_in
from keys_practice.layout import render_env, write_json
from keys_practice.unit import UnitFile
from keys_practice.wire import certificates, releases, switches
from keys_practice.wire.layout import ADDRESSES, DEPENDENCIES, PAYMENTS, WireLayout

COMMANDS = {
    "breakerctl": "wire.commands.breakerctl",
    "checkoutctl": "wire.commands.checkoutctl",
    "dbctl": "dbctl",
    "depctl": "wire.commands.depctl",
    "deployctl": "deployctl",
    "featurectl": "wire.commands.featurectl",
    "ordersctl": "wire.commands.ordersctl",
    "usersctl": "wire.commands.usersctl",
}
PATIENCE_SECONDS = 4.0
DEPLOYMENT_SECONDS = 900
OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Ports:
    """The reserved port of each service; `lines` and `origins` by dependency."""

    app: int
    control: int
    postgres: int
    lines: dict[str, int]
    origins: dict[str, int]

    @classmethod
    def from_numbers(cls, numbers: list[int]) -> "Ports":
        """Seven numbers, in the order of the fields."""
        app, control, database, *rest = numbers
        return cls(
            app,
            control,
            database,
            dict(zip(DEPENDENCIES, rest[:2], strict=True)),
            dict(zip(DEPENDENCIES, rest[2:], strict=True)),
        )


NEEDED_PORTS = 7


def write_folders(layout: WireLayout, ports: Ports, databases: Addresses) -> None:
    """Everything that the parts of the world read when they start."""
    for folder in (
        layout.bin,
        layout.app,
        layout.tls,
        layout.answers.parent,
        *(layout.ledger(each).parent for each in DEPENDENCIES),
    ):
        folder.mkdir(mode=0o700)
    layout.answers.touch(OWNER_ONLY)
    _write_certificates(layout)
    releases.install(layout.releases)
    _write_deployments(layout)
    for name, part in COMMANDS.items():
        _write_command(layout, name, part)
    write_json(layout.facts_file, _facts(ports))
    switches.write(layout.switches, switches.initial())
    write_private(layout.dependencies_file, json.dumps(_dependencies(ports), indent=1))
    write_private(layout.env_file, render_env({"PORT": str(ports.app), "DATABASE_URL": databases.app}))
    _prepare_postgres(layout, password_in(databases.superuser) or "")
    write_json(layout.units_file, {name: asdict(unit) for name, unit in _units(layout, ports).items()})


def password_file(layout: WireLayout) -> Path:
    """Where initdb reads the superuser's password; removed after that."""
    return layout.postgres / "password"


def write_private(path: Path, text: str) -> None:
    """Make a file that only its owner can read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY), "w") as file:
        file.write(text)


def _facts(ports: Ports) -> dict[str, str]:
    lines = {f"{name}_url": f"https://127.0.0.1:{port}" for name, port in ports.lines.items()}
    origins = {f"{name}_origin": f"http://127.0.0.1:{port}" for name, port in ports.origins.items()}
    return {
        "app_url": f"http://127.0.0.1:{ports.app}",
        "wire_url": f"http://127.0.0.1:{ports.control}",
        "postgres_port": str(ports.postgres),
        **lines,
        **origins,
    }


def _dependencies(ports: Ports) -> dict[str, dict[str, object]]:
    return {
        name: {
            "url": f"https://127.0.0.1:{port}",
            "key": f"key_practice_{secrets.token_hex(16)}",
            "seconds": PATIENCE_SECONDS,
        }
        for name, port in ports.lines.items()
    }


def _write_certificates(layout: WireLayout) -> None:
    now = datetime.now(UTC)
    year, day = timedelta(days=365), timedelta(days=1)
    signer = certificates.authority("Larkspur practice authority", now - year, now + year)
    good = certificates.server("the wire", now - day, now + year, signer)
    expired = certificates.server("the wire", now - year, now - timedelta(minutes=20), signer)
    write_private(layout.tls / "ca.pem", signer.pem(with_key=False))
    write_private(layout.tls / "good.pem", good.pem(with_key=True))
    write_private(layout.tls / "expired.pem", expired.pem(with_key=True))


def _write_deployments(layout: WireLayout) -> None:
    layout.deploy_lock.touch(mode=OWNER_ONLY)
    now = datetime.now(UTC)
    deployctl.record(layout, "r40", None, "deploy", "shop-team", now - timedelta(days=16))
    deployctl.record(layout, "r41", "r40", "deploy", "shop-team", now - timedelta(days=2))
    deployctl.point_to(layout, "r41")


def _write_command(layout: WireLayout, name: str, part: str) -> None:
    path = layout.bin / name
    words = f"'{sys.executable}' -I -S '{LAUNCH}' '{layout.folder}' {part}"
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', "utf-8")
    path.chmod(0o755)


def _prepare_postgres(layout: WireLayout, superuser_password: str) -> None:
    layout.postgres.mkdir(mode=0o700)
    write_private(password_file(layout), superuser_password)
    user = postgres.unprivileged_user()
    if user:
        layout.postgres.chmod(0o711)
        postgres.give_to(user, layout.postgres)
        postgres.give_to(user, password_file(layout))


def _units(layout: WireLayout, ports: Ports) -> dict[str, UnitFile]:
    lines = [f"{name}:{ports.lines[name]}:{ports.origins[name]}" for name in DEPENDENCIES]
    deployment = ["deploy", "r41", "--by", "shop-team", "--soak-seconds", str(DEPLOYMENT_SECONDS)]
    return {
        **_database_units(layout, ports),
        PAYMENTS: _unit(layout, PAYMENTS, "wire.provider", PAYMENTS, str(ports.origins[PAYMENTS])),
        ADDRESSES: _unit(layout, ADDRESSES, "wire.provider", ADDRESSES, str(ports.origins[ADDRESSES])),
        "line": _unit(layout, "line", "wire.line", str(ports.control), *lines),
        "app": _unit(layout, "app", "wire.checkout"),
        "users": _unit(layout, "users", "wire.users"),
        "stray": _unit(layout, "stray", "stray", str(ports.app)),
        "deployment": _unit(layout, "deployment", "deployctl", *deployment),
    }


def _database_units(layout: WireLayout, ports: Ports) -> dict[str, UnitFile]:
    user = postgres.unprivileged_user()
    programs = postgres.programs_for(user, layout.postgres)
    data, log = layout.postgres_data, str(layout.folder / "postgres.log")
    locale = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
    initdb = postgres.initdb_argv(programs, data, password_file(layout))
    server = postgres.server_argv(programs, data, ports.postgres)
    return {
        "initdb": UnitFile(initdb, log, env=locale, user=user),
        "postgres": UnitFile(
            server, log, env=locale, user=user, stop_signal="SIGINT", death_signal="SIGQUIT"
        ),
    }


def _unit(layout: WireLayout, name: str, part: str, *arguments: str) -> UnitFile:
    # -P: the folder of launch.py must not come first on the path, its modules have everyday names.
    argv = [sys.executable, "-P", str(LAUNCH), str(layout.folder), part, *arguments]
    passed_on = {each: os.environ[each] for each in ("PYTHONPATH", "HOME") if each in os.environ}
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", **passed_on}
    return UnitFile(argv, str(layout.folder / f"{name}.out"), env=environment)

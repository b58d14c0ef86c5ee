"""Writes the world's folder of this department: settings, releases, certificates, commands, units."""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from keys_practice.build import database_units, prepare_postgres, python_unit, write_commands, write_private
from keys_practice.commands import deployctl
from keys_practice.database import NAME, Addresses
from keys_practice.layout import render_env, write_json
from keys_practice.unit import UnitFile
from keys_practice.wire import certificates, releases, switches
from keys_practice.wire.layout import ADDRESSES, DEPENDENCIES, PAYMENTS, WireLayout

COMMANDS = (
    "commands.dbctl",
    "commands.deployctl",
    "wire.commands.breakerctl",
    "wire.commands.checkoutctl",
    "wire.commands.depctl",
    "wire.commands.featurectl",
    "wire.commands.ordersctl",
    "wire.commands.usersctl",
)
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
    write_commands(layout, COMMANDS)
    write_json(layout.facts_file, _facts(ports))
    switches.write(layout.switches, switches.initial())
    write_private(layout.dependencies_file, json.dumps(_dependencies(ports), indent=1))
    write_private(layout.env_file, render_env({"PORT": str(ports.app), "DATABASE_URL": databases.app}))
    prepare_postgres(layout)
    write_json(layout.units_file, {name: asdict(unit) for name, unit in _units(layout, ports).items()})


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


def _units(layout: WireLayout, ports: Ports) -> dict[str, UnitFile]:
    lines = [f"{name}:{ports.lines[name]}:{ports.origins[name]}" for name in DEPENDENCIES]
    deployment = ["deploy", "r41", "--by", "shop-team", "--soak-seconds", str(DEPLOYMENT_SECONDS)]
    return {
        **database_units(layout, ports.postgres, NAME),
        PAYMENTS: _unit(layout, PAYMENTS, "wire.provider", PAYMENTS, str(ports.origins[PAYMENTS])),
        ADDRESSES: _unit(layout, ADDRESSES, "wire.provider", ADDRESSES, str(ports.origins[ADDRESSES])),
        "line": _unit(layout, "line", "wire.line", str(ports.control), *lines),
        "app": _unit(layout, "app", "wire.checkout"),
        "users": _unit(layout, "users", "wire.users"),
        "stray": _unit(layout, "stray", "stray", str(ports.app)),
        "deployment": _unit(layout, "deployment", "commands.deployctl", *deployment),
        "clerk": _unit(layout, "clerk", "clerk", *COMMANDS),
    }


def _unit(layout: WireLayout, name: str, part: str, *arguments: str) -> UnitFile:
    return python_unit(layout, part, *arguments, name=name)

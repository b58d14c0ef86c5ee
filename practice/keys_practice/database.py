"""Larkspur Letters' database: roles, schema, addresses."""

import secrets
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from keys_practice.postgres import SUPERUSER

SCHEMA = Path(__file__).with_name("schema.sql")
NAME = "larkspur"
ADMIN, APP, READER = "larkspur_admin", "larkspur_app", "larkspur_reader"


class Addresses(NamedTuple):
    """URLs of the one database for each role. Only the reader's holds no password."""

    superuser: str
    admin: str
    app: str
    reader: str


def create(port: int, superuser_password: str) -> Addresses:
    """Make roles, database and tables on a fresh server. Raises psycopg.Error when the server refuses."""
    passwords = {role: secrets.token_hex(12) for role in (ADMIN, APP)}
    root = address(port, SUPERUSER, superuser_password)
    with psycopg.connect(root, dbname="postgres", autocommit=True) as connection:
        for role in (ADMIN, APP, READER):
            _create_role(connection, role, passwords.get(role))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*map(sql.Identifier, (NAME, ADMIN))))
    with psycopg.connect(root) as connection:
        connection.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(ADMIN)))
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(ADMIN)))
        connection.execute(SCHEMA.read_bytes())
    return Addresses(
        superuser=root,
        admin=address(port, ADMIN, passwords[ADMIN]),
        app=address(port, APP, passwords[APP]),
        reader=f"postgresql://{READER}@127.0.0.1:{port}/{NAME}",
    )


def address(port: int, role: str, password: str, name: str = NAME) -> str:
    """The URL of a database for a role."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{name}"


def _create_role(connection: psycopg.Connection, role: str, password: str | None) -> None:
    statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))

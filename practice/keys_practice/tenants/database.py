"""The letters rooms' database: Supabase's roles, schema, rows, and the first access release."""

import hashlib
import secrets
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from keys_practice.database import password_in
from keys_practice.postgres import SUPERUSER, stored
from keys_practice.tenants import people

NAME = "rooms"
SCHEMA = Path(__file__).with_name("schema.sql")
OWNER, AUTHENTICATOR, AUTH_ADMIN = "rooms_owner", "authenticator", "supabase_auth_admin"
AUDITOR, READER = "rooms_auditor", "rooms_reader"

# As in a Supabase project: clients become anon or authenticated, the company's own programs service_role.
_ROLES = (
    "CREATE ROLE anon NOLOGIN NOINHERIT",
    "CREATE ROLE authenticated NOLOGIN NOINHERIT",
    "CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS",
    "ALTER ROLE rooms_owner CREATEROLE",
    "ALTER ROLE authenticator NOINHERIT",
    "ALTER ROLE rooms_auditor NOINHERIT BYPASSRLS",
    "GRANT anon, authenticated, service_role TO authenticator",
    "GRANT anon, authenticated TO rooms_owner, rooms_auditor",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "ALTER SCHEMA public OWNER TO rooms_owner",
)
_FOR_THE_AUDITOR = (
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO rooms_auditor",
    "GRANT USAGE ON SCHEMA access_register TO rooms_reader",
    "GRANT SELECT ON access_register.releases TO rooms_reader",
)


class Addresses(NamedTuple):
    """URLs of the one database for each role. Only the reader's holds no password; it may read the catalogue alone."""

    superuser: str
    owner: str
    authenticator: str
    auth_admin: str
    auditor: str
    reader: str


def addresses(port: int) -> Addresses:
    """URLs with fresh passwords, for a database that `create` is to make."""

    def url(role: str) -> str:
        return f"postgresql://{role}:{secrets.token_hex(12)}@127.0.0.1:{port}/{NAME}"

    return Addresses(
        superuser=url(SUPERUSER),
        owner=url(OWNER),
        authenticator=url(AUTHENTICATOR),
        auth_admin=url(AUTH_ADMIN),
        auditor=url(AUDITOR),
        reader=f"postgresql://{READER}@127.0.0.1:{port}/{NAME}",
    )


def create(databases: Addresses, passwords: dict[str, str], access: Path) -> None:
    """Make roles, tables, people and rows on a fresh server; access releases 0006 and 0007 are in the register."""
    with psycopg.connect(databases.superuser) as connection:
        for url in databases[1:]:
            _make_login(connection, url)
        for statement in _ROLES:
            connection.execute(statement)
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO rooms_owner").format(sql.Identifier(NAME)))
        connection.execute("SET ROLE rooms_owner")
        connection.execute(SCHEMA.read_bytes())
        _fill(connection, passwords)
        for statement in _FOR_THE_AUDITOR:
            connection.execute(statement)
        for version, days in (("0006", 40), ("0007", 9)):
            register(connection, access, version, "rooms-team", days)


def register(
    connection: psycopg.Connection, access: Path, version: str, released_by: str, days_ago: float = 0
) -> None:
    """Write down that an access release is in force, with the digests of what was released."""
    connection.execute(
        "INSERT INTO access_register.releases VALUES (%s, %s, %s, %s, clock_timestamp() - make_interval(secs => %s))",
        (
            version,
            digest(access / version / "policies.sql"),
            digest(access / "contract.json", access / "fence.sql"),
            released_by,
            days_ago * 86400,
        ),
    )


def password_hash(person_id: str, password: str) -> str:
    """What auth.users keeps of a password."""
    return hashlib.scrypt(password.encode(), salt=person_id.encode(), n=1024, r=8, p=1).hex()


def _make_login(connection: psycopg.Connection, url: str) -> None:
    role = url.removeprefix("postgresql://").partition("@")[0].partition(":")[0]
    statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(stored(password_in(url)))))


def _fill(connection: psycopg.Connection, passwords: dict[str, str]) -> None:
    users = [
        (person.id, person.email, password_hash(str(person.id), passwords[person.name]))
        for person in people.PEOPLE
    ]
    tenants = [(people.id_of("tenant", name), name) for name in people.TENANTS]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO auth.users VALUES (%s, %s, %s)", users)
        cursor.executemany("INSERT INTO tenants VALUES (%s, %s)", tenants)
        cursor.executemany("INSERT INTO members VALUES (%s, %s, %s)", people.members())
        cursor.executemany("INSERT INTO drafts VALUES (%s, %s, %s, %s)", people.drafts())
        cursor.executemany("INSERT INTO subscribers VALUES (%s, %s, %s)", people.subscribers())
        cursor.executemany("INSERT INTO announcements VALUES (%s, %s, %s)", people.announcements())


def digest(*paths: Path) -> str:
    """SHA-256 over the contents of files, one after the other."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()

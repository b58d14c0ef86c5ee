"""Faults of the database that every service shares."""

import psycopg
from psycopg import sql

from keys_practice import database
from keys_practice.company import Company
from keys_practice.faults.fault import Fault, let_events_be_accepted, let_events_fail
from keys_practice.postgres import SUPERUSER


def _refuses_writes(company: Company) -> None:
    _change(
        company.databases.admin, "ALTER DATABASE {} SET default_transaction_read_only = on", database.NAME
    )
    let_events_fail(company)


def _login_refused(company: Company) -> None:
    _change(company.databases.superuser, "ALTER ROLE {} NOLOGIN", database.APP)
    let_events_fail(company)


def _logins_read_only(company: Company) -> None:
    for login in (database.APP, database.READER):
        _change(company.databases.superuser, "ALTER ROLE {} SET default_transaction_read_only = on", login)
    let_events_fail(company)


def _row_lost(company: Company) -> None:
    """Somebody tidied up by hand. The newest change of a subscription is in no row any more."""
    let_events_be_accepted(company)
    with psycopg.connect(company.databases.superuser, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM subscriptions WHERE id = (SELECT min(id) FROM subscriptions WHERE status = 'canceled')"
        )


def _owner_changed(company: Company) -> None:
    statement = "ALTER DATABASE {} OWNER TO {}"
    with psycopg.connect(company.databases.superuser, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(
            sql.SQL(statement).format(sql.Identifier(database.NAME), sql.Identifier(SUPERUSER))
        )


def _in_recovery(company: Company) -> None:
    """A failover went wrong: the server came back as the replica of nobody, and only reads."""
    company.keeper("stop", "postgres")
    (company.layout.postgres_data / "standby.signal").touch()
    company.keeper("start", "postgres")
    company.must_become(
        lambda: database.is_up(company.databases.superuser), "the server takes connections again"
    )
    let_events_fail(company)


def _dies(company: Company) -> None:
    company.keeper("stop", "postgres")


def _down(company: Company) -> None:
    company.keeper("stop", "postgres")
    let_events_fail(company)

    def others_fail() -> bool:
        return "failed" in company.states(company.let_happen(2), company.other_endpoint_id)

    company.must_become(others_fail, "the other team's endpoint fails too")


def _change(address: str, statement: str, name: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


FAULTS: dict[str, Fault] = {
    "database-refuses-writes": Fault(
        "A maintenance script left the database read-only by default. The service answers 503.",
        _refuses_writes,
        frozenset({"database-setting", "restart"}),
    ),
    "database-in-recovery": Fault(
        "A failover went wrong. The database server is a replica of nobody and takes no writes.", _in_recovery
    ),
    "database-login-refused": Fault(
        "Somebody took the service's right to log in at the database. Everybody else can.", _login_refused
    ),
    "database-login-read-only": Fault(
        "Somebody made two logins read-only: our service's and the reader's. The database itself takes writes.",
        _logins_read_only,
    ),
    "row-lost": Fault(
        "Somebody deleted a cancelled subscription from the database by hand.",
        _row_lost,
        frozenset({"records"}),
    ),
    "database-owner-changed": Fault(
        "The database has another owner since this moment. The role that we know may not change it.",
        _owner_changed,
    ),
    "database-dies": Fault("The database server stops this moment.", _dies),
    "database-down": Fault(
        "The database server is down. Every service that uses it fails, the letters team's too.", _down
    ),
}

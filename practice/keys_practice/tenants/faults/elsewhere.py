"""Faults that look like a lockout and are none: the database, the API, the auth service, the platform's roles."""

import os
import secrets
import signal

from keys_practice.tenants.faults.fault import HOOK, RESTORE, Fault, sql
from keys_practice.tenants.rooms import Rooms


def _database_down(rooms: Rooms) -> None:
    rooms.keeper("stop", "postgres")


def _database_back(rooms: Rooms) -> None:
    rooms.command("dbctl", "start")


def _api_down(rooms: Rooms) -> None:
    os.kill(rooms.unit("api")["pid"], signal.SIGKILL)
    rooms.must_become(lambda: rooms.unit("api")["state"] == "crashed", "the killed API is noticed")


def _api_back(rooms: Rooms) -> None:
    rooms.command("apictl", "start")


def _auth_down(rooms: Rooms) -> None:
    os.kill(rooms.unit("auth")["pid"], signal.SIGKILL)
    rooms.must_become(lambda: rooms.unit("auth")["state"] == "crashed", "the killed auth service is noticed")


def _keys_differ(rooms: Rooms) -> None:
    rooms.set_setting(rooms.layout.auth_settings, "jwt_secret", secrets.token_hex(32))
    rooms.restart("auth")


def _release_running(rooms: Rooms) -> None:
    before = rooms.command("accessctl", "history", "--json")
    rooms.keeper("start", "release")
    rooms.must_become(
        lambda: (
            '"releasing"' in rooms.command("accessctl", "status", "--json")
            and rooms.command("accessctl", "history", "--json") != before
        ),
        "the access release runs, and stands in the register",
    )


def _hook_on(rooms: Rooms) -> None:
    rooms.command("authctl", "hook", "enable")
    rooms.command("authctl", "restart")


def _colleague_restores(rooms: Rooms) -> None:
    rooms.command("accessctl", "restore")


def _record_gone(rooms: Rooms) -> None:
    rooms.layout.access.rename(rooms.layout.folder / "access-moved")


def _settings_cut(rooms: Rooms) -> None:
    path = rooms.layout.auth_settings
    path.write_text(path.read_text("utf-8")[:40], "utf-8")


def _port_taken(rooms: Rooms) -> None:
    rooms.keeper("stop", "api")
    rooms.keeper("start", "stray")
    rooms.must_become(lambda: rooms.is_listening("api"), "the other program listens on the API's port")


FAULTS: dict[str, Fault] = {
    "nothing-broken": Fault("Nothing is broken. A right run changes nothing.", lambda _: None),
    "database-down": Fault("The database server is down. Nobody reaches anything.", _database_down),
    "database-back": Fault("A colleague starts the database server again.", _database_back),
    "api-down": Fault("The API was killed. Its address answers nothing.", _api_down),
    "api-back": Fault("A colleague starts the API again.", _api_back),
    "auth-down": Fault("The auth service was killed. Nobody can sign in.", _auth_down),
    "keys-differ": Fault(
        "Somebody changed the key that signs tokens, at the auth service only. The API refuses every token.",
        _keys_differ,
    ),
    "hook-fails": Fault(
        "The auth service may not read the table of members any more. Its hook fails, and nobody can sign in.",
        sql("REVOKE SELECT ON members FROM supabase_auth_admin"),
    ),
    "members-gone": Fault(
        "A clean-up job deleted the rows that say who belongs to which tenant.", sql("DELETE FROM members")
    ),
    "auth-settings-cut": Fault(
        "A full disk cut the settings of the auth service. It runs on, and nobody can read them.",
        _settings_cut,
    ),
    "port-taken": Fault("The API is down, and another program answers 404 on its port.", _port_taken),
    "role-not-granted": Fault(
        "The API's role may not become authenticated any more. Members are refused with 403.",
        sql("REVOKE authenticated FROM authenticator"),
    ),
    "client-may-log-in": Fault(
        "Somebody let the role anon log in at the database, past the API.", sql("ALTER ROLE anon LOGIN")
    ),
    "function-changed": Fault(
        "Somebody replaced auth.tenant(), which every policy calls. It finds no tenant in any token.",
        sql(
            "CREATE OR REPLACE FUNCTION auth.tenant() RETURNS uuid LANGUAGE sql STABLE AS"
            " $$ SELECT nullif(auth.jwt() ->> 'tenant', '')::uuid $$"
        ),
    ),
    "owner-locked-out": Fault(
        "The role that owns the tables may not log in any more. Nothing can be restored with it.",
        sql("ALTER ROLE rooms_owner NOLOGIN"),
    ),
    "release-running": Fault(
        "Nothing is broken, but the rooms team is in the middle of an access release.", _release_running
    ),
    "hook-on-again": Fault("A colleague switches the access token hook on.", _hook_on, HOOK),
    "policy-back": Fault(
        "A colleague puts access right by the release of record.", _colleague_restores, RESTORE
    ),
    "record-gone": Fault("The folder of access releases can't be read any more.", _record_gone),
}

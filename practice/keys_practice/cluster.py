"""Empty PostgreSQL clusters: initdb makes one for each Python process and database name, and every world gets a copy."""

import atexit
import os
import secrets
import subprocess
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from keys_practice import folders, postgres
from keys_practice.errors import PracticeError
from keys_practice.unit import as_user

LOCALE = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
INITDB_SECONDS = 60
LAST_WORDS = 800
# Nobody makes a second database, so the world's own is the only one: a third of the files to copy.
IN_TEMPLATE = """UPDATE pg_database SET datistemplate = false;

DROP DATABASE template0;

ALTER DATABASE postgres RENAME TO {name};

"""
IN_OWN = "DROP DATABASE template1;\n\n"

_LOCK = threading.Lock()


class Cluster(NamedTuple):
    """Where the server programs are that `user` runs, the data folder to copy, and its superuser's password."""

    programs: Path
    data: Path
    password: str


def of_this_process(name: str) -> Cluster:
    """The one to copy, with an empty database of this name and no other. Raises PracticeError where there is no PostgreSQL, or initdb fails."""
    with _LOCK:
        return _made_with(name, postgres.find(), postgres.unprivileged_user())


@cache
def _made_with(name: str, found: Path, user: str | None) -> Cluster:  # noqa: ARG001 - another one needs another cluster
    """The folder is locked for as long as we live: when we were killed, the next world sweeps it away."""
    folder, _lock = folders.make(None)
    atexit.register(folders.remove, folder)
    programs = postgres.programs_for(user, folder / "programs")
    home = folder / "postgres"
    home.mkdir(mode=0o700)
    password = secrets.token_hex(12)
    password_file = home / "password"
    password_file.write_text(password, "utf-8")
    if user:
        postgres.give_to(user, home)
        postgres.give_to(user, password_file)
    data = home / "data"
    _run(user, postgres.initdb_argv(programs, data, password_file))
    _run(user, postgres.alone_argv(programs, data, "template1"), IN_TEMPLATE.format(name=name))
    _run(user, postgres.alone_argv(programs, data, name), IN_OWN)
    password_file.unlink()
    return Cluster(programs, data, password)


def _run(user: str | None, argv: list[str], told: str = "") -> None:
    options: dict[str, Any] = as_user(user)
    done = subprocess.run(
        argv,
        input=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=LOCALE,
        cwd="/",
        timeout=INITDB_SECONDS,
        check=False,
        **options,
    )
    if done.returncode:
        raise PracticeError(f"PostgreSQL's cluster could not be made: {done.stdout[-LAST_WORDS:]}")

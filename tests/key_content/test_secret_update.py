"""The secret update: whole or not at all, never shown, and taken back when asked."""

import hashlib
import hmac
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

SLUG = "node-webhook-secret-update"
OLD, NEW = "whsec_oldLarkspur0000000001", "whsec_newLarkspur0000000002"
TEXT = f'# settings\nPORT=8080\nexport STRIPE_WEBHOOK_SECRET = "{OLD}"\r\nBYTES='.encode() + b"\xff\n"

Call = Callable[..., Any]


def fingerprint(text: str) -> str:
    """As the KEY shows it."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """A settings file with all that makes editing hard: export, quotes, CRLF, bytes that are no UTF-8."""
    path = tmp_path / "app.env"
    path.write_bytes(TEXT)
    path.chmod(0o640)
    return path


@pytest.fixture
def update(call_key: Call, env_file: Path) -> Call:
    """Calls the KEY with a secret in the environment."""

    def call(*options: str, secret: str = NEW, **arguments: object) -> Any:
        environment = {"SECRET": secret} if secret is not None else {}
        return call_key(SLUG, *options, environment=environment, **({"env_file": env_file} | arguments))

    return call


def test_one_value_changes_and_every_other_byte_stays(update: Call, env_file: Path) -> None:
    """Quotes, export, CRLF and foreign bytes survive; the backup is the file before; mode and owner are the same."""
    result = update().result
    assert env_file.read_bytes() == TEXT.replace(OLD.encode(), NEW.encode())
    backup = Path(result["backup"])
    assert backup.read_bytes() == TEXT
    assert [stat.S_IMODE(path.stat().st_mode) for path in (env_file, backup)] == [0o640, 0o640]
    assert (result["fingerprint_before"], result["fingerprint"]) == (fingerprint(OLD), fingerprint(NEW))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_stays(update: Call, env_file: Path) -> None:
    """A service that reads its settings as another account can still read them."""
    os.chown(env_file, 1234, 4321)
    update()
    status = env_file.stat()
    assert (status.st_uid, status.st_gid) == (1234, 4321)


def test_the_secret_is_never_printed(update: Call, tmp_path: Path) -> None:
    """Not in the result, not in the progress, not in a refusal, not in a file that the call leaves."""
    done, refused = update(), update(secret="whsec_short")
    for called in (done, refused):
        assert NEW not in called.stdout + called.stderr
        assert OLD not in called.stdout + called.stderr
    assert "whsec_short" not in refused.stdout + refused.stderr


def test_a_dry_run_changes_nothing(update: Call, env_file: Path, tmp_path: Path) -> None:
    """It says what would change, and the folder holds what it held."""
    result = update("--dry-run").result
    assert (result["dry_run"], result["changed"], result["verified"]) == (True, True, False)
    assert env_file.read_bytes() == TEXT
    assert not (tmp_path / "app.env.bak").exists()


def test_the_same_secret_again_changes_nothing(update: Call, tmp_path: Path) -> None:
    """Called twice, after a crash for instance: the backup still holds the file before the first call."""
    update()
    assert not update().result["changed"]
    assert (tmp_path / "app.env.bak").read_bytes() == TEXT


def test_undo_puts_the_backup_back(update: Call, env_file: Path, tmp_path: Path) -> None:
    """With the result of the call before, and the file is byte for byte what it was."""
    before = tmp_path / "before.json"
    before.write_text(json.dumps(update().result))
    result = update("--undo", "--before", str(before)).result
    assert result["fingerprint"] == fingerprint(OLD)
    assert env_file.read_bytes() == TEXT


def test_undo_refuses_when_somebody_changed_it_since(update: Call, env_file: Path, tmp_path: Path) -> None:
    """What a colleague put there after us is not overwritten."""
    before = tmp_path / "before.json"
    before.write_text(json.dumps(update().result))
    theirs = TEXT.replace(OLD.encode(), b"whsec_theirsLarkspur000003")
    env_file.write_bytes(theirs)
    assert "changed again since" in update("--undo", "--before", str(before)).stderr
    assert env_file.read_bytes() == theirs


@pytest.mark.parametrize(
    "secret",
    [
        "",
        " ",
        "whsec_short",
        "sk_live_thisIsAnApiKey000001",
        "whsec_with space0000000001",
        "whsec_a\nb",
        "whsec_" + "x" * 300,
    ],
)
def test_what_is_no_signing_secret_is_refused(update: Call, env_file: Path, secret: str) -> None:
    """Empty, short, of another kind, with white space or a line end, too long: the file stays as it is."""
    assert update(secret=secret).exit_code != 0
    assert env_file.read_bytes() == TEXT


def test_another_secret_than_expected_is_refused(update: Call, env_file: Path) -> None:
    """The fingerprint that Stripe shows guards against a secret of another endpoint."""
    assert "fingerprint" in update(expected_fingerprint="00000000").stderr
    assert env_file.read_bytes() == TEXT


def _link(path: Path) -> None:
    real = path.rename(path.with_name("real.env"))
    path.symlink_to(real)


def _hard_link(path: Path) -> None:
    path.with_name("other.env").hardlink_to(path)


def _open_to_all(path: Path) -> None:
    path.chmod(0o666)


def _open_folder(path: Path) -> None:
    path.parent.chmod(0o777)


def _twice(path: Path) -> None:
    path.write_bytes(TEXT + b"STRIPE_WEBHOOK_SECRET=x\n")


def _absent(path: Path) -> None:
    path.write_bytes(b"PORT=1\n")


@pytest.mark.parametrize("spoil", [_link, _hard_link, _open_to_all, _open_folder, _twice, _absent])
def test_a_file_that_can_not_be_trusted_is_refused(
    update: Call, env_file: Path, spoil: Callable[[Path], None]
) -> None:
    """A link, a second name, writable by everyone, the setting twice or not at all: nothing is written."""
    spoil(env_file)
    before = env_file.read_bytes()
    called = update()
    assert called.exit_code != 0
    assert "Nothing was changed" in called.stderr
    assert env_file.read_bytes() == before


class _Service(BaseHTTPRequestHandler):
    """Healthy, and accepts what is signed with the secret that the file held when it was asked."""

    accepts = b""

    def do_GET(self) -> None:
        self._answer(200)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        at, given = (part.split("=")[1] for part in self.headers["Stripe-Signature"].split(","))
        expected = hmac.new(self.accepts, f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        self._answer(200 if hmac.compare_digest(expected, given) else 400)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[str]:
    """The address of a service that knows the new secret."""
    _Service.accepts = NEW.encode()
    server = HTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_service_that_accepts_the_signature_verifies(update: Call, service: str) -> None:
    """Health and a signed test event: both asked, both yes."""
    result = update(health_url=f"{service}/healthz", webhook_url=f"{service}/webhooks", wait_seconds=2).result
    assert (result["healthy"], result["accepts_signature"], result["verified"]) == (True, True, True)


def test_a_service_that_refuses_the_signature_is_a_result_not_a_crash(update: Call, service: str) -> None:
    """The file is changed by then, so the caller must learn how it stands and may undo."""
    _Service.accepts = b"whsec_another"
    result = update(webhook_url=f"{service}/webhooks", wait_seconds=1).result
    assert (result["changed"], result["accepts_signature"], result["verified"]) == (True, False, False)


def test_a_restart_that_can_not_be_done_is_told(update: Call, env_file: Path) -> None:
    """No such program here: the result says not restarted, and the file holds the new secret."""
    result = update(restart="kubernetes", unit="no-such-service", wait_seconds=1).result
    assert (result["restarted"], result["verified"]) == (False, False)
    assert NEW.encode() in env_file.read_bytes()


@pytest.mark.parametrize("unit", ["", "a b", "--now", "x;reboot", "$(id)"])
def test_a_hostile_unit_never_reaches_a_command(update: Call, env_file: Path, unit: str) -> None:
    """Options and shell words are no names of services."""
    assert update(restart="systemd", unit=unit).exit_code != 0
    assert env_file.read_bytes() == TEXT

"""Digests of values that nobody can guess without this machine's key."""

from __future__ import annotations

import hmac
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runbook_keys.errors import JournalUnavailable
from runbook_keys.ports import Secrets
from runbook_keys.system.secrets import EnvironmentSecrets

DIGEST = """
import sys
from pathlib import Path
from runbook_keys.system.secrets import EnvironmentSecrets
secrets = EnvironmentSecrets({}, Path(sys.argv[1]))
input()
print(secrets.digest("NAME", "value"))
"""


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """Where no key is yet."""
    return tmp_path / "state" / "digest.key"


@pytest.fixture
def secrets(key_file: Path) -> Secrets:
    """Secrets of a small environment."""
    return EnvironmentSecrets({"TOKEN": "s3cret", "EMPTY": ""}, key_file)


def test_a_value_comes_from_the_environment_and_no_key_is_made_for_it(
    secrets: Secrets, key_file: Path
) -> None:
    """An empty value is a value; a missing one is none."""
    assert [secrets.value(name) for name in ("TOKEN", "EMPTY", "OTHER")] == ["s3cret", "", None]
    assert not key_file.parent.exists()


def test_the_key_is_made_on_first_use_for_the_owner_only(secrets: Secrets, key_file: Path) -> None:
    """32 random bytes, and nothing else is left in the folder."""
    secrets.digest("TOKEN", "s3cret")
    assert len(key_file.read_bytes()) == 32
    assert key_file.stat().st_mode & 0o777 == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


def test_a_digest_is_the_hmac_of_name_and_value(secrets: Secrets, key_file: Path) -> None:
    """Equal values of one input show as equal; those of two inputs do not, and neither do their parts run together."""
    digest = secrets.digest("TOKEN", "s3cret")
    assert digest == hmac.new(key_file.read_bytes(), b"TOKEN\0s3cret", "sha256").hexdigest()
    assert digest == EnvironmentSecrets({}, key_file).digest("TOKEN", "s3cret")
    others = {
        secrets.digest("TOKEN2", "s3cret"),
        secrets.digest("TOKE", "Ns3cret"),
        secrets.digest("TOKEN", ""),
    }
    assert len(others | {digest}) == 4


def test_another_machine_makes_another_digest(secrets: Secrets, tmp_path: Path) -> None:
    """Without the key, a short value can't be found by trying."""
    elsewhere = EnvironmentSecrets({}, tmp_path / "other.key")
    assert secrets.digest("PIN", "1234") != elsewhere.digest("PIN", "1234")


def test_a_value_that_was_no_text_has_a_digest(secrets: Secrets) -> None:
    """Bytes of the environment that are no UTF-8 arrive as half characters."""
    assert secrets.digest("TOKEN", "\udcff") != secrets.digest("TOKEN", "\udcfe")


def test_processes_that_make_the_key_at_once_agree_on_one(key_file: Path) -> None:
    """The first one wins and the others use its key; no digest is ever made with one that is lost."""
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", DIGEST, str(key_file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    for maker in makers:
        assert maker.stdin
        maker.stdin.write("\n")
        maker.stdin.flush()
    digests = {maker.communicate(timeout=60)[0].strip() for maker in makers}
    assert digests == {EnvironmentSecrets({}, key_file).digest("NAME", "value")}
    assert list(key_file.parent.iterdir()) == [key_file]


def widen(key_file: Path) -> None:
    """Others may read it."""
    key_file.chmod(0o640)


def cut(key_file: Path) -> None:
    """Somebody's editor saved half of it."""
    key_file.write_bytes(key_file.read_bytes()[:7])


def make_folder(key_file: Path) -> None:
    """It is no file at all."""
    key_file.unlink()
    key_file.mkdir(mode=0o700)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(widen, "chmod 600"), (cut, "7 bytes instead of 32"), (make_folder, "Is a directory")],
)
def test_a_key_that_can_not_be_trusted_is_refused(
    key_file: Path, spoil: Callable[[Path], None], told: str
) -> None:
    """With the file's name and what to do; no new key is put in its place."""
    EnvironmentSecrets({}, key_file).digest("NAME", "value")
    spoil(key_file)
    with pytest.raises(JournalUnavailable, match=told) as caught:
        EnvironmentSecrets({}, key_file).digest("NAME", "value")
    assert str(key_file) in str(caught.value)


def test_a_key_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    """The folder is a file."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalUnavailable, match="File exists"):
        EnvironmentSecrets({}, tmp_path / "file" / "key").digest("NAME", "value")


def test_a_key_that_was_only_half_made_is_never_used(key_file: Path) -> None:
    """A process was killed while it wrote its draft: the next one makes a whole key under the real name."""
    key_file.parent.mkdir()
    (key_file.parent / f"{key_file.name}.{os.getpid()}.abandoned").write_bytes(b"half")
    EnvironmentSecrets({}, key_file).digest("NAME", "value")
    assert len(key_file.read_bytes()) == 32

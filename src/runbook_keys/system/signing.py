"""The signing key of this machine's journal: ECDSA P-256, because `openssl dgst` verifies it everywhere.

`key.pem` is the private key (0600, its folder 0700), made on first use. `public/` keeps the public part of every key
that ever signed, by its name: hex SHA-256 over the public key (DER), cut to 16 digits in the file's name. `latest` is
the last checkpoint that was signed here: who can write the journal and not this folder can't make it unsaid.
`cryptography` takes 20 ms to load, so it is loaded with the first signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbook_keys.drafts import clear_drafts, make_once, replace_whole
from runbook_keys.errors import JournalDamaged, SigningUnavailable
from runbook_keys.journal.checkpoint import read_note
from runbook_keys.ports import Signature

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

_NAME_DIGITS = 16


class FolderSigner:
    """The keys in `folder`. A key that is gone is not replaced by itself: somebody should know."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._latest = folder / "latest"
        self._whole: bytes | None = None
        self._key: EllipticCurvePrivateKey | None = None
        self._name = ""
        self._fault = ""

    def sign(self, content: bytes) -> Signature:
        """Sign, always in the same way (RFC 6979), so that what is exported twice is equal.

        Raises SigningUnavailable where the key is missing, readable by others or no key, or `cryptography` is missing.
        """
        try:
            self._load()
        except SigningUnavailable as unavailable:
            self._fault = str(unavailable)
            raise
        self._fault = ""
        if self._key is None:
            raise SigningUnavailable("There is no signing key.")
        return Signature(self._name, self._key.sign(content, _algorithm()))

    def fault(self) -> str:
        """Why nothing was signed the last time; empty where it was."""
        return self._fault

    def public_keys(self) -> Mapping[str, bytes]:
        """The public keys (PEM) by name, of this key and all before it. What is no key is left out.

        Raises SigningUnavailable for what can't be read: without a key, what it signed would look unsigned.
        """
        found = {}
        for path in sorted(self._folder.glob("public/*.pem")):
            content = _public_part(path)
            with suppress(ValueError, SigningUnavailable):
                found[name_of(content)] = content
        return found

    def is_signed(self, public_key: bytes, content: bytes, value: bytes) -> bool:
        """Whether `value` is the signature of `content` by this key (PEM). Raises SigningUnavailable."""
        return is_signed(public_key, content, value)

    def name_of(self, public_key: bytes) -> str:
        """The name of a public key (PEM). Raises ValueError for what is no key, SigningUnavailable."""
        return name_of(public_key)

    def prepare_next(self) -> str:
        """Make the key that `take_next` will sign with, unless an earlier try left one; its name."""
        try:
            draft = self._folder / "next.pem"
            self._make(draft)
            return self._publish(_read_private(draft))
        except OSError as error:
            raise _unusable(self._folder, f"{error.strerror}. Mend that, then try again.") from error

    def take_next(self) -> None:
        """From now on sign with the prepared key. The one before is gone; its public part stays."""
        (self._folder / "next.pem").replace(self._folder / "key.pem")
        self._key = None

    def remembered(self) -> bytes:
        """The last checkpoint that was signed here; empty where none was yet.

        Raises SigningUnavailable where the file can't be read, or holds something else.
        """
        try:
            content = self._latest.read_bytes()
            if content != self._whole:
                read_note(content)
                self._whole = content
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise SigningUnavailable(
                f"{self._latest} can't be read: {error.strerror}. Look again with the login that KEYS runs as."
            ) from error
        except JournalDamaged as error:
            raise SigningUnavailable(
                f"{self._latest} holds no checkpoint. Find out why, then remove it: the next checkpoint makes a new one."
            ) from error
        return content

    def remember(self, note: bytes) -> None:
        """Remember this one in its place. Raises SigningUnavailable: then the one before stays, which is true as well."""
        try:
            replace_whole(self._latest, note)
            self._whole = note
        except OSError as error:
            raise SigningUnavailable(f"{self._latest} can't be written: {error.strerror}.") from error

    def _load(self) -> None:
        if self._key is not None:
            return
        path = self._folder / "key.pem"
        try:
            if not path.exists():
                self._refuse_to_replace(path)
            self._make(path)
            self._key = _read_private(path)
            self._name = self._publish(self._key)
            clear_drafts(self._latest)
        except OSError as error:
            raise _unusable(path, f"{error.strerror}. Mend that, then try again.") from error

    def _refuse_to_replace(self, path: Path) -> None:
        if any(self._folder.glob("public/*.pem")):
            raise SigningUnavailable(
                f"The signing key {path} is gone. Restore it from a backup, "
                "or make a new one with `keys checkpoint --new-key`."
            )

    def _make(self, path: Path) -> None:
        """Of two processes the first one wins, and both use its key."""
        _private_folder(self._folder)
        make_once(path, _new_private)

    def _publish(self, key: EllipticCurvePrivateKey) -> str:
        """Keep the public part under its name; the name."""
        content = _public_pem(key)
        name = name_of(content)
        path = self._folder / "public" / f"{name[:_NAME_DIGITS]}.pem"
        _private_folder(path.parent)
        make_once(path, lambda: content, 0o644)
        return name


def name_of(public_key: bytes) -> str:
    """The name of a public key (PEM): hex SHA-256 over its DER form. Raises ValueError, SigningUnavailable."""
    serialization = _serialization()
    der = _public(public_key).public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(der).hexdigest()


def is_signed(public_key: bytes, content: bytes, value: bytes) -> bool:
    """Whether `value` is an ECDSA P-256 signature of `content` by this key (PEM). Raises SigningUnavailable."""
    key = _public_or_none(public_key)
    if key is None:
        return False
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(value, content, _algorithm())
    except (InvalidSignature, ValueError):
        return False
    return True


def _public_or_none(content: bytes) -> EllipticCurvePublicKey | None:
    try:
        return _public(content)
    except ValueError:
        return None


@lru_cache(maxsize=64)
def _public(content: bytes) -> EllipticCurvePublicKey:
    """The P-256 key of a PEM. Raises ValueError for anything else, also for what only looks like a key."""
    serialization = _serialization()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    try:
        key = serialization.load_pem_public_key(content)
    except UnsupportedAlgorithm as error:
        raise ValueError("This is no public key of ECDSA P-256.") from error
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise ValueError("This is no public key of ECDSA P-256.")
    return key


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError as error:
        raise SigningUnavailable(
            "Nothing can be signed or checked: `cryptography` is not installed. Install it: pip install cryptography"
        ) from error
    return serialization


@cache
def _algorithm() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    return ECDSA(SHA256(), deterministic_signing=True)


def _new_private() -> bytes:
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    content: bytes = generate_private_key(SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return content


def _public_pem(key: EllipticCurvePrivateKey) -> bytes:
    serialization = _serialization()
    content: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return content


def _read_private(path: Path) -> EllipticCurvePrivateKey:
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

    if path.stat().st_mode & 0o077:
        raise _unusable(path, f"Others may read it. Run `chmod 600 {path}`, then try again.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as error:
        raise _unusable(path, "It is no private key. Restore it from a backup.") from error
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise _unusable(path, "It is no key of ECDSA P-256. Restore it from a backup.")
    return key


def _public_part(path: Path) -> bytes:
    """The file's content, empty where this login may not read it. Raises SigningUnavailable."""
    try:
        return path.read_bytes()
    except PermissionError:
        return b""
    except OSError as error:
        raise SigningUnavailable(
            f"The public key {path} can't be read: {error.strerror}. Check the disk, then try again."
        ) from error


def _private_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _unusable(path: Path, why: str) -> SigningUnavailable:
    return SigningUnavailable(f"The signing key can't be used: {path}. {why}")

"""Time-stamps of checkpoints by an authority (RFC 3161): somebody else's word that a text was there at a time.

They lie beside the journal, one file per checkpoint. `rfc3161-client` knows their form and checks who signed them; it is
an extra, and loaded only where there is one to ask for or to read.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from runbook_keys.drafts import make_once
from runbook_keys.errors import AnchorUnavailable
from runbook_keys.ports import TimeStamp
from runbook_keys.system.giving_up import asked
from runbook_keys.system.http_post import MOST_BYTES, post

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_NAME = re.compile(r"(\d{6,18})\.tsr", re.ASCII)
_SHA256 = "2.16.840.1.101.3.4.2.1"
NO_ROOTS = "[anchors] time_stamp_roots does not say whom to trust."


class FolderStamps:
    """Time-stamps kept in `folder`, of the authority at `url` (empty: none), trusted by the certificates in `roots`."""

    def __init__(self, folder: Path, url: str, roots: str) -> None:
        self._folder = folder
        self._url = url
        self._roots = roots

    @property
    def place(self) -> str:
        """The authority, in words."""
        return f"the time-stamp authority {self._url}" if self._url else ""

    async def numbers(self, first: bytes, seconds: float) -> Collection[int]:  # noqa: ARG002 - they lie with the journal
        """The numbers of the checkpoints that have a token here. Raises AnchorUnavailable."""
        return (await asked(self._folder, seconds, self._paths)).keys()

    async def kept(self, seconds: float) -> Mapping[int, bytes]:
        """The tokens by the number of their checkpoint, configured or not. Raises AnchorUnavailable."""
        return await asked(self._folder, seconds, self._read)

    async def keep(self, no: int, note: bytes, seconds: float) -> None:
        """Have the note stamped, and keep the token if it is what was asked for. Raises AnchorUnavailable."""
        content = await asked(self._url, seconds, lambda: self._asked(note, seconds))
        await asked(self._folder, seconds, lambda: self._write(no, content))

    def read(self, token: bytes, note: bytes) -> TimeStamp | None:
        """What a token says of a note; None for what is no token. Raises AnchorUnavailable where none can be read."""
        library = _library()
        try:
            answer = library.decode_timestamp_response(token)
            info = answer.tst_info
            imprint = info.message_imprint
            is_of_note = (
                imprint.hash_algorithm.dotted_string == _SHA256 and imprint.message == sha256(note).digest()
            )
            stamp = TimeStamp(info.gen_time, is_of_note)
            library.VerifierBuilder(roots=self._trusted()).build().verify(answer, imprint.message)
        except ValueError:
            return None
        except AnchorUnavailable as unavailable:
            return replace(stamp, unchecked=str(unavailable))
        except library.VerificationError as error:
            return replace(stamp, fault=f"It does not lead to {self._roots} ({error}).")
        return stamp

    def _asked(self, note: bytes, seconds: float) -> bytes:
        library = _library()
        request = (
            library.TimestampRequestBuilder().data(note).hash_algorithm(library.HashAlgorithm.SHA256).build()
        )
        content = post(self._url, request.as_bytes(), "application/timestamp-query", seconds)
        try:
            answer = library.decode_timestamp_response(content)
            if answer.status != library.PKIStatus.GRANTED:
                raise AnchorUnavailable(f"{self._url} refused: status {answer.status}.")
            is_fitting = answer.tst_info.nonce == request.nonce
        except ValueError as error:
            raise AnchorUnavailable(f"{self._url} answered something that is no time-stamp.") from error
        stamp = self.read(content, note)
        if stamp is None or not stamp.is_of_note or not is_fitting:
            raise AnchorUnavailable(f"{self._url} answered with the time-stamp of something else.")
        if stamp.fault or (stamp.unchecked and self._roots):
            why = stamp.fault or stamp.unchecked
            raise AnchorUnavailable(f"The time-stamp of {self._url} was not kept. {why}")
        return content

    def _trusted(self) -> list[Certificate]:
        if not self._roots:
            raise AnchorUnavailable(NO_ROOTS)
        from cryptography.x509 import load_pem_x509_certificates

        try:
            return load_pem_x509_certificates(Path(self._roots).read_bytes())
        except OSError as error:
            raise AnchorUnavailable(f"{self._roots} can't be read: {error.strerror}.") from error
        except ValueError as error:
            raise AnchorUnavailable(f"{self._roots} holds no certificates (PEM).") from error

    def _paths(self) -> dict[int, Path]:
        names = ((path, _NAME.fullmatch(path.name)) for path in self._folder.glob("*.tsr"))
        return {int(match[1]): path for path, match in names if match}

    def _read(self) -> dict[int, bytes]:
        found = {}
        for no, path in sorted(self._paths().items()):
            with path.open("rb") as file:
                found[no] = file.read(MOST_BYTES)
        return found

    def _write(self, no: int, content: bytes) -> None:
        """Of two processes the first one wins."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_once(self._folder / f"{no:06}.tsr", lambda: content, 0o644)


def _library() -> Any:
    try:
        import rfc3161_client
    except ImportError as error:
        raise AnchorUnavailable("Time-stamps can't be read here. Install runbook-keys[anchors].") from error
    return rfc3161_client

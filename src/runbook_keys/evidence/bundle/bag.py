"""A bag (RFC 8493): a folder that says what is in it, so that `sha256sum -c` says whether it is whole."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

Files = dict[str, bytes]

MANIFEST, TAGS, SIGNATURE, KEY = (
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
    "tagmanifest-sha256.txt.sig",
    "signing-key.pem",
)
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


def bagged(payload: Mapping[str, bytes], tags: Mapping[str, bytes], info: Mapping[str, str]) -> Files:
    """Payload (paths below `data/`) and further tag files as a whole bag, without its signature.

    What is signed is the tag manifest: it names the manifest, which names everything else.
    """
    size = sum(map(len, payload.values()))
    lines = {**info, "Payload-Oxum": f"{size}.{len(payload)}"}
    tagged = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {value}\n" for name, value in lines.items()).encode(),
        MANIFEST: manifest(payload),
        **tags,
    }
    return {**payload, **tagged, TAGS: manifest(tagged)}


def manifest(files: Mapping[str, bytes]) -> bytes:
    """One line per file as `sha256sum` writes it, by name."""
    return "".join(f"{sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files)).encode()


def zipped(folder: str, files: Mapping[str, bytes], at: datetime) -> bytes:
    """The files below `folder` as a zip that is the same bytes each time: sorted, stored, dated `at`."""
    stream = io.BytesIO()
    stamp = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second // 2 * 2)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(f"{folder}/{path}", stamp)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, files[path])
    return stream.getvalue()

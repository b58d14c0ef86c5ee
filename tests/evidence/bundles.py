"""Bundles for the tests of this folder: made, written, changed, and checked in three ways."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from keyring import wait

from runbook_keys.bootstrap import services
from runbook_keys.evidence.bundle.bag import manifest
from runbook_keys.evidence.bundle.check import check_bundle
from runbook_keys.operations.reports.export import Exported, export, public_keys_of
from runbook_keys.system.signing import FolderSigner, is_signed

OUTSIDER = Path(__file__).parent / "outsider" / "verify.mjs"
"""A verifier that was written from VERIFY.md alone, in another language."""

LONGEST_SECONDS = 60
"""No folder, however made, keeps a verifier waiting."""


def exported(home: Path, run: str) -> Exported:
    """The bundle of a run in `home`."""

    async def body() -> Exported:
        async with services(home=home) as opened:
            return await export(opened, run)

    return wait(body())


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """The files of a bundle in a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def script(folder: Path, *more: str, own: Path | None = None) -> tuple[int, str]:
    """What `verify.sh` says; `own` is a script that an auditor brings along."""
    done = subprocess.run(
        ["sh", own or folder / "verify.sh", folder, *more],
        capture_output=True,
        stdin=subprocess.PIPE,
        timeout=LONGEST_SECONDS,
        text=True,
        errors="replace",
        env={"PATH": os.environ["PATH"], "TMPDIR": f"{folder.parent}"},
    )
    assert done.stderr == "" or done.returncode == 1
    return done.returncode, done.stdout


def findings(files: dict[str, bytes]) -> tuple[str, ...]:
    """What `keys verify` finds in a bundle's files."""
    return check_bundle(files, is_signed, public_keys_of(files)).damages


def outsider(folder: Path, *more: str) -> tuple[int, str]:
    """What the verifier that shares no code with KEYS says."""
    done = subprocess.run(
        ["node", OUTSIDER, folder, *more], capture_output=True, text=True, timeout=LONGEST_SECONDS
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def sealed_anew(files: dict[str, bytes], signer: FolderSigner) -> dict[str, bytes]:
    """Everything listed and signed again, as somebody with another key can."""
    files = dict(files)
    key = signer.sign(b"").key
    files["signing-key.pem"] = signer.public_keys()[key]
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    files["manifest-sha256.txt"] = manifest(payload)
    tags = {
        name: files[name]
        for name in (
            "bagit.txt",
            "bag-info.txt",
            "manifest-sha256.txt",
            "VERIFY.md",
            "verify.sh",
            "signing-key.pem",
        )
    }
    files["tagmanifest-sha256.txt"] = manifest(tags)
    files["tagmanifest-sha256.txt.sig"] = signer.sign(files["tagmanifest-sha256.txt"]).value
    return files

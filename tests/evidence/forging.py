"""What somebody can do who holds the signing key: a bundle is altered, and every link and signature is made anew."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256

from bundles import sealed_anew

from runbook_keys.journal.chain import GENESIS, link, spine_line
from runbook_keys.journal.checkpoint import note_of
from runbook_keys.system.signing import FolderSigner

Files = dict[str, bytes]
Edit = Callable[[bytes], bytes]


def run_rewritten(files: Files, lines: Sequence[bytes], signer: FolderSigner) -> Files:
    """The bundle as if the run had always had these lines; its rows that are too many are gone from the spine."""
    run_no, before, _ = files["data/start.txt"].decode().split()
    end, links = GENESIS, []
    for line in lines:
        end = link(end, line)
        links.append(end)
    told = [row.split() for row in files["data/spine.txt"].decode().splitlines()]
    told = [row for row in told if row[1] != run_no or int(row[2]) <= len(lines)]
    first = int(told[0][0])
    rows = [
        spine_line(place, int(row[1]), int(row[2]), links[int(row[2]) - 1] if row[1] == run_no else row[3])
        for place, row in enumerate(told, first)
    ]
    start = f"{run_no} {before} {end}\n".encode()
    return notes_rewritten(
        {
            **files,
            "data/entries.jsonl": b"".join(lines),
            "data/spine.txt": b"".join(rows),
            "data/start.txt": start,
        },
        signer,
    )


def notes_rewritten(files: Files, signer: FolderSigner, edit: Edit = lambda body: body) -> Files:
    """Each checkpoint with the links of the spine that is here, edited, after the one before, and signed."""
    files, places, previous = dict(files), _places(files), b""
    for name in sorted(each for each in files if each.endswith(".note")):
        origin, place, _, *rest = files[name].decode().partition("\n\n")[0].splitlines()
        place = f"{min(int(place), max(places))}"
        if previous:
            digest = sha256(previous).hexdigest()
            rest = [f"before {digest}" if line.startswith("before ") else line for line in rest]
        told = b64encode(bytes.fromhex(places[int(place)])).decode()
        body = edit("".join(f"{line}\n" for line in (origin, place, told, *rest)).encode())
        signed = signer.sign(body)
        files[name] = previous = note_of(body, signed.key, signed.value)
    return files


def _places(files: Files) -> dict[int, str]:
    end = files["data/start.txt"].decode().split()[1]
    rows = files["data/spine.txt"].splitlines(keepends=True)
    places = {int(rows[0].split()[0]) - 1: end}
    for row in rows:
        end = link(end, row)
        places[int(row.split()[0])] = end
    return places


def sealed(files: Files, signer: FolderSigner, more_lines: str = "") -> Files:
    """Listed and signed again; `more_lines` are added to the list as they are."""
    files = sealed_anew(files, signer)
    if more_lines:
        files["manifest-sha256.txt"] += more_lines.encode()
        tags = files["tagmanifest-sha256.txt"].splitlines(keepends=True)
        digest = sha256(files["manifest-sha256.txt"]).hexdigest().encode()
        files["tagmanifest-sha256.txt"] = b"".join(
            digest + line[64:] if line.endswith(b"  manifest-sha256.txt\n") else line for line in tags
        )
        files["tagmanifest-sha256.txt.sig"] = signer.sign(files["tagmanifest-sha256.txt"]).value
    return files

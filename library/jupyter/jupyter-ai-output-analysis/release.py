"""Reads what the golden set's owners released, and holds the files that measure against it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Released:
    """The forbidden texts, and in words how the golden set differs from its release (empty: it does not)."""

    forbidden: tuple[str, ...] = ()
    golden_differs: str = ""


def check(golden: Path, forbidden: str, release: str) -> Released:
    """Both paths may be empty: then nothing is forbidden, or nothing is checked. Raises ValueError in an operator's words."""
    texts = _texts(Path(forbidden)) if forbidden else ()
    if not release:
        return Released(texts)
    says = _read(Path(release))
    if not forbidden:
        raise ValueError(f"{release} is given without the file of forbidden texts. Give both.")
    difference = _difference(Path(forbidden), says["forbidden"])
    if difference:
        raise ValueError(
            f"The forbidden texts are not the released ones: {difference}. Nothing was compared."
        )
    return Released(texts, _difference(golden, says["golden"]))


def _texts(path: Path) -> tuple[str, ...]:
    if not path.is_file():
        raise ValueError(f"{path} is not there; it should hold the forbidden texts.")
    found = tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    if not found:
        raise ValueError(f"{path} holds no forbidden text, so nothing would be looked for.")
    return found


def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        found = json.loads(path.read_text("utf-8"))
        wanted = {
            name: {each: found[name][each] for each in ("lines", "sha256")}
            for name in ("golden", "forbidden")
        }
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise ValueError(f"{path} can't be read as a release: {problem!r}.") from problem
    return wanted


def _difference(path: Path, says: dict[str, object]) -> str:
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() == says["sha256"]:
        return ""
    lines = sum(1 for line in content.splitlines() if line.strip())
    return (
        f"{lines} lines where the release says {says['lines']}"
        if lines != says["lines"]
        else "their text was changed"
    )

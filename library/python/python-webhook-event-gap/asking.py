"""Asking both sides for their lists, into files: the service first, so that nothing younger than its list looks lost."""

import subprocess
from pathlib import Path

ANSWER_SECONDS = 120


def ask(endpoint: str, folder: Path) -> tuple[Path, Path]:
    """Stripe's and the service's list, as files in `folder`. Raises RuntimeError in words when one side can't say."""
    applied = _kept(["appctl", "events", "applied"], folder / "applied.txt")
    events = _kept(["stripectl", "events", "list", "--endpoint", endpoint, "--json"], folder / "events.json")
    return events, applied


def _kept(command: list[str], path: Path) -> Path:
    words = " ".join(command[:3])
    try:
        with path.open("wb") as file:
            done = subprocess.run(
                command, stdout=file, stderr=subprocess.PIPE, timeout=ANSWER_SECONDS, check=False
            )
    except FileNotFoundError:
        raise RuntimeError(f"{command[0]} is not installed here, or not on PATH.") from None
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{words} did not answer within {ANSWER_SECONDS} seconds.") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200]
        raise RuntimeError(f"{words} could not say (exit {done.returncode}): {said}")
    return path

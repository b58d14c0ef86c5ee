"""The plain, timestamped log of a service."""

import threading
from datetime import UTC, datetime
from pathlib import Path


class ServiceLog:
    """Appends `2026-01-31T03:14:15.926Z LEVEL words`; further lines of a message are indented below it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._lock = threading.Lock()

    def info(self, words: str) -> None:
        """Note what is ordinary."""
        self._write("INFO", words)

    def warning(self, words: str) -> None:
        """Note what was refused."""
        self._write("WARNING", words)

    def error(self, words: str) -> None:
        """Note what failed."""
        self._write("ERROR", words)

    def _write(self, level: str, words: str) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        first, *more = words.rstrip().splitlines()
        text = "".join(f"    {line}\n" for line in more)
        with self._lock:
            self._file.write(f"{at} {level} {first}\n{text}")

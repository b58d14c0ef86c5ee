"""Changing the webhook service's settings file: whole or not at all, with the one before kept."""

import os
from pathlib import Path

from keys_practice.errors import PracticeError
from keys_practice.layout import Layout, read_env, render_env


def set_value(layout: Layout, name: str, value: str) -> bool:
    """Set a known name. Returns whether that changed anything; if so the file before is kept as app.env.bak."""
    settings = read_env(layout.env_file)
    if name not in settings:
        raise PracticeError(
            f"app.env has no {name}. It has: {', '.join(sorted(settings))}. Nothing was changed."
        )
    if settings[name] == value:
        return False
    _replace(layout.env_backup, layout.env_file.read_text("utf-8"))
    _replace(layout.env_file, render_env({**settings, name: value}))
    return True


def restore(layout: Layout) -> bool:
    """Put app.env.bak back; it stays, so that doing it twice does no harm. False when there is none to put back."""
    if not layout.env_backup.exists():
        return False
    _replace(layout.env_file, layout.env_backup.read_text("utf-8"))
    return True


def differing(layout: Layout) -> list[str]:
    """The names whose values differ between app.env and app.env.bak; none when nothing was ever set."""
    now = read_env(layout.env_file)
    before = read_env(layout.env_backup) if layout.env_backup.exists() else now
    return sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))


def _replace(path: Path, text: str) -> None:
    """Write a new file beside it and rename: a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)

"""What a command finds in its environment: the operator's own session, thinned out, and the values."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from runbook_keys.model.names import refused_name

LONGEST_VALUE_BYTES = 131_000  # Linux takes at most 131,072 bytes for `NAME=value`
MARK = "KEYS_ATTEMPT"

_OF_THE_SESSION = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"})
_OF_TOOLS = frozenset({"SSH_AUTH_SOCK", "KUBECONFIG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"})
_OF_THE_NETWORK = frozenset(
    {"http_proxy", "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"}
)
_PASSED = _OF_THE_SESSION | _OF_TOOLS | _OF_THE_NETWORK | {name.upper() for name in _OF_THE_NETWORK}


def passed_environment(environment: Mapping[str, str], more_names: Collection[str] = ()) -> dict[str, str]:
    """The part of `environment` that every command gets: a short list of names, `LC_*`, and `more_names`."""
    passed = {
        name: value
        for name, value in environment.items()
        if name in _PASSED or name.startswith("LC_") or name in more_names
    }
    return {"PATH": os.defpath, **passed, "TERM": "dumb"}


def home(environment: Mapping[str, str]) -> Path:
    """Where commands start: the operator's home, or `/` where there is none."""
    path = Path(environment.get("HOME") or "/")
    return path if path.is_dir() else Path("/")


def unfit(values: Mapping[str, str]) -> str | None:
    """Why these values can't be handed to a command, as one sentence; None if they can."""
    problems = (refused_name(name) or _unfit_value(name, value) for name, value in values.items())
    return next((problem for problem in problems if problem), None)


def _unfit_value(name: str, value: str) -> str | None:
    try:
        size = len(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return f"The value of {name} is not text, so no command can get it."
    if "\0" in value:
        return f"The value of {name} has a NUL byte in it, so no command can get it."
    if size > LONGEST_VALUE_BYTES:
        return f"The value of {name} has {size} bytes; a command can get at most {LONGEST_VALUE_BYTES}."
    return None

"""The report of a bug of ours, ready to paste: versions and the trace, no values of a run."""

from __future__ import annotations

import platform
import traceback

from runbook_keys import __version__


def crash_report(error: BaseException) -> str:
    """What to paste. The trace names code, never inputs; the message of the error itself is left out."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return (
        "keys: this is a bug of ours. The journal holds everything up to here; `keys resume` goes on.\n"
        "Please report what stands between the lines.\n"
        f"---\nkeys {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}\n"
        f"{type(error).__name__}\n{frames}---"
    )

"""What runs inside a warm kernel, between its notebooks: each finds the kernel as if it were new."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import warnings
from typing import Any

from runbook_keys import notebook

MOST_WRITTEN = 8 * 1024 * 1024
NOTEBOOKS_THAT_LOAD = 2
"""Before the first one there are the kernel's own libraries, before the second those of the first."""


class _Kernel:
    """What the kernel was like when it was new, what it needs itself, and whether a notebook runs in it now."""

    shell: Any = None
    names: frozenset[str] = frozenset()
    environment: dict[str, str] = {}  # noqa: RUF012 - one kernel, one of it
    search_path: list[str] = []  # noqa: RUF012 - one kernel, one of it
    filters: list[Any] = []  # noqa: RUF012 - one kernel, one of it
    folder = ""
    is_busy = False
    is_stopping = False
    written = 0
    begun = 0


def prepare(own: dict[str, str]) -> None:
    """Once, when the kernel is new. `own` is what the kernel itself needs in its environment."""
    _Kernel.shell = sys.modules["IPython"].get_ipython()
    _Kernel.names = frozenset(_Kernel.shell.user_ns)
    _Kernel.environment = own
    _Kernel.search_path = list(sys.path)
    _Kernel.filters = list(warnings.filters)
    signal.signal(signal.SIGTERM, _stop)
    _Kernel.shell.events.register("post_execute", _leave_if_stopped)
    _limit_pictures(_Kernel.shell.display_formatter)
    for stream in (sys.stdout, sys.stderr):
        _limit(stream)


def begin(folder: str, scratch: str, environment: dict[str, str]) -> None:
    """Before each notebook: nothing of an earlier one is left but the libraries that it loaded."""
    _forget_names()
    _forget_modules()
    _pass_over_libraries()
    os.environ.clear()
    os.environ.update(environment | _Kernel.environment | {"TMPDIR": scratch})
    os.chdir(folder)
    _Kernel.folder = folder
    sys.path[:] = [folder, *_Kernel.search_path]
    tempfile.tempdir = None
    warnings.filters[:] = _Kernel.filters  # type: ignore[index]  # a list, whatever the stub says
    if plots := sys.modules.get("matplotlib.pyplot"):
        plots.close("all")
        sys.modules["matplotlib"].rcdefaults()
    notebook.begin()
    _Kernel.is_busy, _Kernel.written = True, 0


def end() -> None:
    """After each notebook."""
    _Kernel.is_busy = False


def _forget_names() -> None:
    names = _Kernel.shell.user_ns
    for name in set(names) - _Kernel.names:
        del names[name]
    names.get("_dh", []).clear()
    # What was shown is kept under hidden names too: three pictures are eight megabytes.
    _Kernel.shell.displayhook.flush()
    for kept in (names, _Kernel.shell.user_ns_hidden):
        kept.update({"_": "", "__": "", "___": ""})


def _pass_over_libraries() -> None:
    """Forgetting names collects garbage. What is alive before the second notebook are libraries: no need to look again.

    Not later: what a notebook leaves alive by mistake would stay for ever, and a picture is some megabytes.
    """
    if _Kernel.begun < NOTEBOOKS_THAT_LOAD:
        gc.freeze()
    _Kernel.begun += 1


def _forget_modules() -> None:
    """Modules that lay beside the earlier notebook: the next one may have others of the same names."""
    if not _Kernel.folder:
        return
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(_Kernel.folder + os.sep):
            del sys.modules[name]


def _stop(_number: int, _frame: object) -> None:
    if not _Kernel.is_busy:
        os._exit(0)
    _Kernel.is_stopping = True
    raise KeyboardInterrupt  # what the notebook has open is closed on the way out


def _leave_if_stopped() -> None:
    if _Kernel.is_stopping:
        os._exit(0)


def _limit_pictures(formatter: Any) -> None:
    """The same for what a cell displays: a table of a million rows says that it is too large."""
    made = formatter.format

    def limited(*arguments: Any, **options: Any) -> Any:
        data, metadata = made(*arguments, **options)
        is_large = any(len(each) > MOST_WRITTEN for each in data.values() if isinstance(each, str | bytes))
        return (
            ({"text/plain": "[KEYS left this out: it is too large to be shown]"}, {})
            if is_large
            else (data, metadata)
        )

    formatter.format = limited


def _limit(stream: Any) -> None:
    """Drop a flood where it rises: passing on a gigabyte only to cut it would take all the time there is."""
    write = stream.write

    def limited(text: str) -> int:
        before, _Kernel.written = _Kernel.written, _Kernel.written + len(text)
        if _Kernel.written <= MOST_WRITTEN:
            write(text)
        elif before <= MOST_WRITTEN:
            write(text[: MOST_WRITTEN - before] + "\n[KEYS takes no more of this notebook's output]\n")
        return len(text)

    stream.write = limited

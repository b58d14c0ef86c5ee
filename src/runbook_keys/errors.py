"""Everything that KEYS raises on purpose: one base, one stable code per class.

A message says what happened, where, and what to do next. `code` never changes once released: scripts and reports
rely on it.
"""

from __future__ import annotations


class KeysError(Exception):
    """What every deliberate failure of KEYS is; a surface shows its text as it stands."""

    code = "keys-error"


class InvalidPack(KeysError):
    """A pack's folder, `README.md` or `pack.json` can't be read as a runbook."""

    code = "invalid-pack"


class UnknownRunbook(KeysError):
    """No runbook of that name is installed and no folder of that path holds one."""

    code = "unknown-runbook"


class UnknownKey(KeysError):
    """No KEY of that name is installed and no folder of that path holds one."""

    code = "unknown-key"


class RefusedCall(KeysError):
    """A KEY can't be called so: it is not installed, or its arguments do not fit. Nothing was started."""

    code = "refused-call"


class InvalidCondition(KeysError):
    """A condition is not in the guarded subset of CEL."""

    code = "invalid-condition"


class ConditionFailed(KeysError):
    """A sound condition could not be evaluated over what was observed."""

    code = "condition-failed"


class MissingInput(KeysError):
    """A run can't start because a declared input has no value."""

    code = "missing-input"


class RefusedInput(KeysError):
    """A value for an input is not of its declared kind, or its name is not allowed."""

    code = "refused-input"


class Refused(KeysError):
    """The engine refused what it was told; nothing has changed."""

    code = "refused"


class RunNotFound(KeysError):
    """The journal holds no run of that name."""

    code = "run-not-found"


class RunTaken(KeysError):
    """Another driver holds this run or was faster; this one did nothing."""

    code = "run-taken"


class JournalDamaged(KeysError):
    """The journal does not verify, or an entry can't be understood."""

    code = "journal-damaged"


class JournalUnavailable(KeysError):
    """The journal can't be written (disk full, I/O error, read-only): no action may start."""

    code = "journal-unavailable"


class SigningUnavailable(KeysError):
    """Nothing can be signed: the key or the library is missing. What was to be signed is kept unsigned, and says so."""

    code = "signing-unavailable"


class ExecutorUnavailable(KeysError):
    """What a step needs in order to run is not on this machine."""

    code = "executor-unavailable"


class TypesettingUnavailable(KeysError):
    """A page can't be made as PDF: the library for it is missing. The same page as text still can."""

    code = "typesetting-unavailable"


class DrillFailed(KeysError):
    """The practice world could not be started, broken or judged."""

    code = "drill-failed"


class Interrupted(KeysError):
    """The operator left; the run is kept and can be resumed."""

    code = "interrupted"

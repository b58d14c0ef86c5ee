"""The integrity alarm beside a journal: a file of its own, because nothing more is written into what does not verify."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from runbook_keys.drafts import make_once, replace_whole
from runbook_keys.errors import JournalUnavailable
from runbook_keys.model.entry import Alarm


class FileAlarm:
    """The alarm in the file `path`. It stands while the file is there, whatever the file says."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def standing(self) -> Alarm | None:
        """The alarm, or None."""
        try:
            if not self._path.exists():  # asked before each signature: an exception takes three times as long
                return None
            return msgspec.json.decode(self._path.read_bytes(), type=Alarm)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError):
            # A disk that can't be read says "error" for a file that was never there, too.
            unread = Alarm("", f"{self._path} is there, and can't be read.", is_rewritten=True)
            return unread if self._path.exists() else None

    def sound(self, alarm: Alarm) -> None:
        """Begin it; one that stands keeps its time and its words. Where this login may not write, nothing happens."""
        with suppress(OSError):
            make_once(self._path, lambda: msgspec.json.encode(alarm))
            standing = self.standing()
            if standing and (loud := louder(standing, alarm)) != standing:
                replace_whole(self._path, msgspec.json.encode(loud))

    def end(self) -> None:
        """No alarm any more. Raises JournalUnavailable."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise JournalUnavailable(
                f"The alarm {self._path} can't be ended: {error.strerror}. Remove that file yourself."
            ) from error


def louder(standing: Alarm | None, alarm: Alarm) -> Alarm:
    """What stands after another alarm: what was found first counts, but that the history is rewritten is never forgotten."""
    if standing is None or standing.is_rewritten or not alarm.is_rewritten:
        return standing or alarm
    return replace(standing, is_rewritten=True)


def closed_by(alarm: Alarm) -> JournalUnavailable:
    """What to raise when a run is to be opened while an alarm stands."""
    since = f" since {alarm.at}" if alarm.at else ""
    return JournalUnavailable(
        f"The journal takes no new run{since}: it does not verify. Nothing was started. "
        "For this incident begin a journal of its own: `KEYS_HOME=NEW-FOLDER keys run SLUG`. "
        "Runs that are under way can be resumed. "
        f"What was found: {alarm.what} In daylight: `keys verify`, then `keys declare`."
    )

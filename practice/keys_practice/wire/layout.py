"""Where everything of the selling department lies in its world's folder."""

from pathlib import Path

from keys_practice.layout import Layout

PAYMENTS, ADDRESSES = "payments", "addresses"
DEPENDENCIES = (PAYMENTS, ADDRESSES)


class WireLayout(Layout):
    """The paths of one world of this department; `app` is the checkout's folder."""

    @property
    def dependencies_file(self) -> Path:
        """What the checkout and the commands know of each dependency: address, key, time to wait (JSON)."""
        return self.app / "dependencies.json"

    @property
    def switches(self) -> Path:
        """How breakers and fallbacks were switched by people (JSON)."""
        return self.app / "switches.json"

    @property
    def app_log(self) -> Path:
        """What the checkout writes while it works."""
        return self.app / "checkout.log"

    @property
    def answers(self) -> Path:
        """What each user got, one JSON object a line, oldest first."""
        return self.folder / "users" / "answers.jsonl"

    @property
    def tls(self) -> Path:
        """Certificates of the wire: ca.pem, good.pem, expired.pem; the two leaves hold their keys."""
        return self.folder / "tls"

    def ledger(self, dependency: str) -> Path:
        """The dependency's own books (SQLite)."""
        return self.folder / dependency / "ledger.db"


def layout_of(folder: Path | Layout) -> WireLayout:
    """The paths below this folder."""
    return WireLayout(folder.folder if isinstance(folder, Layout) else folder)

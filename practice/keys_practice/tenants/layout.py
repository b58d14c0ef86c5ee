"""Where everything of the letters rooms lies in its world's folder."""

from pathlib import Path

from keys_practice.layout import Layout


class RoomsLayout(Layout):
    """The paths of one world of the tenants department."""

    @property
    def auth_settings(self) -> Path:
        """The auth service's settings (JSON); holds secrets."""
        return self.folder / "auth" / "auth.json"

    @property
    def api_settings(self) -> Path:
        """The API's settings (JSON); holds secrets."""
        return self.folder / "api" / "api.json"

    @property
    def access(self) -> Path:
        """The access releases of record: a folder for each, the contract, the fence."""
        return self.folder / "access"

    @property
    def contract(self) -> Path:
        """Who may do what, whatever a release says (JSON)."""
        return self.access / "contract.json"

    @property
    def release_lock(self) -> Path:
        """Locked while an access release is applied."""
        return self.access / "release.lock"

    @property
    def undo(self) -> Path:
        """What access was before each change by `accessctl`, for its undo."""
        return self.folder / "undo"

    @property
    def operator(self) -> Path:
        """What the operator's commands know: addresses with passwords, and the watch accounts (JSON)."""
        return self.folder / "operator" / "rooms.json"

    def policies(self, release: str) -> Path:
        """The SQL of one access release."""
        return self.access / release / "policies.sql"
